import { ScriptoriumError } from '../core/errors.ts';
import { decodeLogRow } from '../core/log-row.ts';
import { updatesOf } from '../core/pending-row.ts';
import type { CommittedState } from '../ports/live-documents.ts';
import type { SnapshotPointer } from '../ports/snapshot-pointer.ts';
import type { DocumentId, LoadStart } from '../ports/update-log.ts';
import { createCommittedState } from './committed-state.ts';
import { chooseBase, type LoadBase, type LoadDeps } from './load-base.ts';
import { readLog } from './read-log.ts';

/** How often a read starts over because the snapshot it builds on went away. */
const MAX_STARTS = 4;

/**
 * The state that a document had at a row of its log: the newest snapshot at or below it and the rows up to it, wherever
 * they are. Throws `not-found` for a row that is not there yet, `document-deleted`, `storage-unavailable`, and
 * `document-quarantined` when a row that is needed is damaged.
 */
export async function readStateAt(deps: LoadDeps, documentId: DocumentId, seq: number): Promise<CommittedState> {
  const start = await deps.log.readLoadStart(documentId);
  if (start === null) throw new ScriptoriumError('document-deleted');
  if (seq > start.head) throw new ScriptoriumError('not-found', `the document ends at ${start.head}`);
  const base = await findBase(deps, documentId, { start, seq });
  const state = createCommittedState(base.bytes ?? undefined);
  for await (const page of readLog(deps, documentId, { after: base.seq, upTo: seq })) {
    if (page.kind === 'lost' || page.rows.some(({ intact }) => !intact))
      throw new ScriptoriumError('document-quarantined', 'a row before this state is damaged');
    for (const row of page.rows) state.push(updatesOf(decodeLogRow(row.payload)));
  }
  return { epoch: start.epoch, seq, state: state.merged(), damaged: false };
}

async function findBase(
  deps: LoadDeps,
  documentId: DocumentId,
  { start, seq }: { readonly start: LoadStart; readonly seq: number },
): Promise<LoadBase> {
  let missing: SnapshotPointer | null = null;
  for (let attempt = 1; attempt <= MAX_STARTS; attempt += 1) {
    const base = await chooseBase(deps, documentId, { start, missing, belowSeq: seq + 1 });
    if (base.kind === 'base') return base;
    missing = base.pointer;
  }
  throw new ScriptoriumError('storage-unavailable', 'the snapshots of the document move');
}
