import { ScriptoriumError } from '../../core/errors.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { DocumentPast } from '../../ports/document-past.ts';
import { readPastBase, readPastRows, type PastDeps, type PastRows, type PastState } from '../../rooms/read-past.ts';
import type { PastQuestion } from './answer-past.ts';
import { StateCache } from './state-cache.ts';

export interface DocumentPastDeps extends PastDeps {
  /** Answers in a thread, or at once where that is cheap. */
  readonly answer: (question: PastQuestion) => Promise<Uint8Array>;
}

/** Bytes of states that are remembered: who looks at one point of the past looks at its neighbours next. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** The past of documents, from snapshots, history segments and rows. */
export function createDocumentPast(deps: DocumentPastDeps): DocumentPast {
  const cache = new StateCache(CACHE_BYTES);
  /** States that are being made, so that those who ask for one at the same time wait for it together. */
  const making = new Map<string, Promise<Uint8Array>>();

  const findBase = async (record: DocumentRecord, seq: number): Promise<PastState> => {
    const cached = cache.findBelow(record.id, record.epoch, seq);
    if (cached?.seq === seq) return cached;
    const stored = await readPastBase(deps, record.id, seq);
    return cached !== null && cached.seq >= stored.seq ? cached : stored;
  };

  const makeState = async (record: DocumentRecord, seq: number): Promise<Uint8Array> => {
    const base = await findBase(record, seq);
    if (base.seq === seq && base.state !== null) return base.state;
    const { parts } = await readSound(deps, record, { after: base.seq, upTo: seq });
    const state = await deps.answer({ kind: 'past-state', base, parts, upTo: seq });
    cache.add({ document: record.id, epoch: record.epoch, seq, state });
    return state;
  };

  return {
    stateAt: (record, seq) => {
      const key = `${record.id} ${record.epoch} ${seq}`;
      const known = making.get(key);
      if (known !== undefined) return known;
      const made = makeState(record, seq).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    sittings: async (record, { after, upTo, pause }) => {
      const { parts, lost: unreadable } = await readPastRows(deps, record.id, { after, upTo });
      return deps.answer({ kind: 'past-sittings', parts, after, upTo, pause, unreadable });
    },
    diff: async (record, { from, to, format }) => {
      const base = await findBase(record, from);
      const { parts } = await readSound(deps, record, { after: base.seq, upTo: to });
      return deps.answer({ kind: 'past-diff', base, parts, from, to, format });
    },
    blame: async (record, seq) => {
      const base = await findBase(record, seq);
      const { parts, lost } = await readPastRows(deps, record.id, { after: 0, upTo: seq });
      // Below the base only the authors are missing, not the text.
      refuseLost(lost.filter(({ toSeq }) => toSeq > base.seq));
      return deps.answer({ kind: 'past-blame', base, parts, upTo: seq });
    },
    restore: async (request) => {
      const update = await deps.answer({ kind: 'past-restore', ...request });
      return update.byteLength === 0 ? null : update;
    },
  };
}

async function readSound(
  deps: PastDeps,
  record: DocumentRecord,
  range: { readonly after: number; readonly upTo: number },
): Promise<PastRows> {
  const rows = await readPastRows(deps, record.id, range);
  refuseLost(rows.lost);
  return rows;
}

function refuseLost([first]: PastRows['lost']): void {
  if (first === undefined) return;
  throw new ScriptoriumError('document-quarantined', `rows ${first.fromSeq} to ${first.toSeq} cannot be read any more`);
}
