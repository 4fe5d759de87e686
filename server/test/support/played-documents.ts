import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import * as Y from 'yjs';
import { requireDocumentName } from '../../src/api/authenticate.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { decodeLogRow, encodeLogRow } from '../../src/core/log-row.ts';
import { holds } from '../../src/core/precondition.ts';
import type { DocumentCatalog, DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { DocumentWriter } from '../../src/ports/document-writer.ts';
import type { LiveDocuments, RetireReason } from '../../src/ports/live-documents.ts';
import type { DocumentId, RestoreNote, UpdateLog } from '../../src/ports/update-log.ts';

/** Documents as the rooms would hold them: their edits go to the log, their state is kept here. */
export function createPlayedDocuments(catalog: DocumentCatalog, log: UpdateLog) {
  const states = new Map<DocumentId, Y.Doc>();
  const retired: { name: string; reason: RetireReason }[] = [];
  let reads = 0;
  let flush = 0;
  const stateOf = async ({ id }: DocumentRecord): Promise<Y.Doc> => {
    const known = states.get(id);
    if (known !== undefined) return known;
    const state = new Y.Doc();
    // What it began with.
    for (const { payload } of await log.readRows(id, 0, 10))
      for (const { updates } of decodeLogRow(payload)) for (const update of updates) Y.applyUpdate(state, update);
    states.set(id, state);
    return state;
  };
  const documents: LiveDocuments = {
    read: async (record) => {
      reads += 1;
      const state = Y.encodeStateAsUpdate(await stateOf(record));
      return { epoch: record.epoch, seq: record.head, state, damaged: false };
    },
    readAt: () => Promise.reject(new ScriptoriumError('not-found')),
    settle: () => Promise.resolve(null),
    readParts: async (record) => {
      const { epoch, seq, state } = await documents.read(record);
      return { epoch, seq, parts: [state] };
    },
    retire: async (record, reason, change) => {
      const { epoch, head: seq } = record;
      const outcome = await change({ epoch, seq, stateVector: Y.encodeStateVector(await stateOf(record)) });
      if (outcome.kind === 'moved') throw new Error('nobody else writes here');
      retired.push({ name: record.name, reason });
      return outcome.result;
    },
  };
  const find = async (name: string): Promise<DocumentRecord> => {
    const resolution = await catalog.resolve(DEFAULT_TENANT, requireDocumentName(name));
    if (resolution.kind !== 'found') throw new Error(`no document ${name}`);
    return resolution.record;
  };
  const edit = async (name: string, change: (document: Y.Doc) => void, restore?: RestoreNote): Promise<void> => {
    const record = await find(name);
    const { id: documentId, epoch } = record;
    const state = await stateOf(record);
    const before = Y.encodeStateVector(state);
    change(state);
    const payload = encodeLogRow([{ actor: 'ada', updates: [Y.encodeStateAsUpdate(state, before)] }]);
    flush += 1;
    const entries = [{ documentId, epoch, payload, bindings: [], ...(restore && { restore }) }];
    const [result] = await log.append({ incarnation: 'test', flush, at: 0, retry: false, entries });
    if (result?.kind !== 'stored') throw new Error('the edit was not stored');
  };
  const writer: DocumentWriter = {
    judgeSeed: (update) => [update],
    write: async ({ record }, { precondition, compose, restore, earlier, beforeAppend }) => {
      const { epoch, head: seq } = record;
      if (!holds(precondition, { epoch, seq })) throw new ScriptoriumError('precondition-failed');
      const base = { epoch, seq, state: Y.encodeStateAsUpdate(await stateOf(record)), clientId: 77 };
      const composed = earlier ?? (await compose(base));
      const { update, result } = composed;
      if (update === null) return { epoch, seq, changed: false, result };
      await beforeAppend?.(composed);
      await edit(record.name, (document) => Y.applyUpdate(document, update), restore);
      return { epoch, seq: seq + 1, changed: true, result };
    },
  };
  return { documents, writer, edit, find, retired, reads: () => reads };
}
