import type { AppendBatch, AppendResult } from '../../ports/update-log.ts';
import { LAYOUT_WIDTH, OUTCOME, type PackedBatch } from './sqlite-messages.ts';

/** Packs a batch for its way to the worker. The payloads are copied, so the caller keeps its own. */
export function packBatch(batch: AppendBatch): PackedBatch {
  const layout = new Float64Array(batch.entries.length * LAYOUT_WIDTH);
  const payloads = new Uint8Array(
    batch.entries.reduce((sum, entry) => sum + (entry.payload === null ? 0 : entry.payload.byteLength), 0),
  );
  const clients: number[] = [];
  const users: string[] = [];
  let cell = 0;
  let offset = 0;
  for (const entry of batch.entries) {
    layout[cell] = entry.documentId;
    layout[cell + 1] = entry.epoch;
    layout[cell + 2] = entry.payload === null ? -1 : entry.payload.byteLength;
    layout[cell + 3] = entry.bindings.length;
    layout[cell + 4] = entry.follows ?? -1;
    cell += LAYOUT_WIDTH;
    for (const binding of entry.bindings) {
      clients.push(binding.client);
      users.push(binding.user);
    }
    if (entry.payload === null) continue;
    payloads.set(entry.payload, offset);
    offset += entry.payload.byteLength;
  }
  const { incarnation, flush, at, retry } = batch;
  return { incarnation, flush, at, retry, layout, payloads, clients, users };
}

/** One entry of a packed batch, as the worker sees it; `payload` is a view. */
export interface PackedEntry {
  readonly documentId: number;
  readonly epoch: number;
  readonly payload: Uint8Array | null;
  readonly bindings: readonly { readonly client: number; readonly user: string }[];
  /** -1: any. */
  readonly follows: number;
}

/** Reads a packed batch back, entry by entry. */
export function unpackEntries(batch: PackedBatch): readonly PackedEntry[] {
  const entries: PackedEntry[] = [];
  let offset = 0;
  let binding = 0;
  const { layout, payloads } = batch;
  for (let cell = 0; cell < layout.length; cell += LAYOUT_WIDTH) {
    const length = layout[cell + 2] ?? -1;
    const bound = layout[cell + 3] ?? 0;
    entries.push({
      documentId: layout[cell] ?? 0,
      epoch: layout[cell + 1] ?? 0,
      payload: length < 0 ? null : payloads.subarray(offset, offset + length),
      bindings: bound === 0 ? NO_BINDINGS : bindingsOf(batch, binding, bound),
      follows: layout[cell + 4] ?? -1,
    });
    offset += Math.max(0, length);
    binding += bound;
  }
  return entries;
}

const NO_BINDINGS: PackedEntry['bindings'] = [];

function bindingsOf(batch: PackedBatch, from: number, count: number): PackedEntry['bindings'] {
  const clients = batch.clients.slice(from, from + count);
  return clients.map((client, index) => ({ client, user: batch.users[from + index] ?? '' }));
}

/** Turns the worker's numbers into results. */
export function unpackOutcomes(outcomes: Float64Array): readonly AppendResult[] {
  return Array.from(outcomes, toResult);
}

function toResult(outcome: number): AppendResult {
  if (outcome === OUTCOME.fenced) return { kind: 'fenced' };
  if (outcome === OUTCOME.deleted) return { kind: 'deleted' };
  if (outcome === OUTCOME.refused) return { kind: 'refused' };
  if (outcome === OUTCOME.moved) return { kind: 'moved' };
  return { kind: 'stored', seq: outcome };
}
