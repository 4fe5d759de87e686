import type { AppendBatch, AppendEntry, AppendResult, DocumentId, UpdateLog } from '../../src/ports/update-log.ts';
import { between } from './random-streams.ts';
import type { SharedStore, SimulatedStoreDeps } from './store-ports.ts';
import type { RequestEnd, StoreRequests } from './store-requests.ts';

interface Append {
  readonly batch: AppendBatch;
  /** The room of each entry. */
  readonly rooms: ReadonlyMap<AppendEntry, object | null>;
  readonly end: RequestEnd<readonly AppendResult[]>;
}

/**
 * The append as one node does it. It is on its way, then it holds heads, then it is committed or was never there; its
 * answer may be lost, and it may come to be after its sender has given it up.
 */
export function simulateAppend(deps: SimulatedStoreDeps, requests: StoreRequests): UpdateLog['append'] {
  return (given) => {
    const batch = copyBatch(given);
    const rooms = new Map(batch.entries.map((entry) => [entry, deps.roomOf(entry.documentId)]));
    const what = `append ${batch.flush} of ${batch.entries.map((entry) => entry.documentId).join()}`;
    return requests.askSlowly(what, (end) => append(deps, requests, { batch, rooms, end }));
  };
}

/** Takes the heads that are free, and commits a moment later. */
function append(deps: SimulatedStoreDeps, requests: StoreRequests, { batch, rooms, end }: Append): void {
  const { scheduler, store, faults, node, random } = deps;
  const taken = new Set<AppendEntry>();
  const refused = new Set<AppendEntry>();
  for (const entry of batch.entries) {
    const isBusy = faults.has('store-busy', node) && random.chance(0.5);
    if (isBusy || store.held.has(entry.documentId)) continue;
    if (faults.possible && random.chance(0.002)) refused.add(entry);
    else taken.add(entry);
  }
  for (const { documentId } of taken) store.held.add(documentId);
  const isLate = faults.has('store-unsure', node) && random.chance(0.3);
  if (isLate) end.fail();
  scheduler.after(requests.delays.commit() + (isLate ? between(random, 1, 2_000) : 0), () => {
    for (const { documentId } of taken) store.held.delete(documentId);
    if (faults.has('store-down', node)) {
      end.fail();
      return;
    }
    const entries = batch.entries.filter((entry) => taken.has(entry));
    const results = commit(deps, { ...batch, entries }, rooms);
    end.answer(
      batch.entries.map((entry) => {
        if (refused.has(entry)) return { kind: 'refused' };
        return results.get(entry) ?? { kind: 'busy' };
      }),
    );
  });
}

/** One transaction; tells which rows are new. */
function commit(
  { store, observer, trace, node }: SimulatedStoreDeps,
  batch: AppendBatch,
  rooms: Append['rooms'],
): ReadonlyMap<AppendEntry, AppendResult> {
  const before = new Map(batch.entries.map(({ documentId }) => [documentId, headOf(store, documentId)]));
  const results = store.ports.log.append(batch);
  for (const [index, entry] of batch.entries.entries()) {
    const { documentId } = entry;
    const head = headOf(store, documentId);
    const row = store.tables.documents.get(documentId)?.rows.get(head);
    trace.note(`${node} = ${documentId} ${results[index]?.kind} ${head}`);
    if (row === undefined || head === before.get(documentId)) continue;
    trace.noteBytes(`${node} row ${documentId}/${head}`, row.payload);
    observer.onRow({ documentId, row, batch, room: rooms.get(entry) ?? null });
  }
  return new Map(batch.entries.map((entry, index) => [entry, results[index] ?? { kind: 'busy' }]));
}

function headOf(store: SharedStore, documentId: DocumentId): number {
  return store.tables.documents.get(documentId)?.head ?? 0;
}

/** The sender may use its buffers again once it has asked. */
function copyBatch(batch: AppendBatch): AppendBatch {
  const entries = batch.entries.map((entry) => ({
    ...entry,
    payload: entry.payload === null ? null : new Uint8Array(entry.payload),
  }));
  return { ...batch, entries };
}
