import type { ClientBlock, ParsedUpdate } from './update-structure.ts';
import { writeVarUint } from './var-uint.ts';

/** Bytes of structs from which on a batch takes no more. */
const BATCH_BYTES = 1024 * 1024;
/** Most bytes of an integer, of which there are few. */
const INTEGER_BYTES = 8;

/**
 * Puts updates, given in the order of the log, together into as few as possible that leave the same behind. Most of what
 * Yjs takes for a small update is the same for each, and ten thousand of them cost a load five times what they hold.
 *
 * Unlike Yjs' own merging nothing is compared or reordered: the structs of a client go on where its last ones ended, or a
 * new batch begins. Deletions come last in a batch, where everything that they are about is known.
 */
export interface UpdateBatches {
  /** Takes the next update; nothing of it is kept but its bytes. */
  add(update: ParsedUpdate): void;
  /** All batches, in order. */
  finish(): readonly Uint8Array[];
}

export function createUpdateBatches(): UpdateBatches {
  const batches: Uint8Array[] = [];
  let batch = new Batch();
  return {
    add(update) {
      if (!batch.takes(update)) {
        batches.push(batch.encode());
        batch = new Batch();
      }
      batch.add(update);
    },
    finish() {
      if (!batch.isEmpty) batches.push(batch.encode());
      batch = new Batch();
      return batches;
    },
  };
}

/** Structs of one client that follow one another. */
interface Run {
  readonly clock: number;
  endClock: number;
  structs: number;
  /** The structs' bytes, with room behind them. */
  bytes: Uint8Array;
  length: number;
}

class Batch {
  readonly #runs = new Map<number, Run>();
  /** Clock, length, clock, length, … in the order of the updates. */
  readonly #deletes = new Map<number, number[]>();
  /** The bytes of the only update so far, as they came. */
  #only: Uint8Array | null = null;
  #updates = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#updates === 0;
  }

  takes(update: ParsedUpdate): boolean {
    if (this.isEmpty) return true;
    if (this.#bytes + update.bytes.length > BATCH_BYTES) return false;
    return update.blocks.every(({ client, clock }) => (this.#runs.get(client)?.endClock ?? clock) === clock);
  }

  add(update: ParsedUpdate): void {
    this.#only = this.isEmpty ? update.bytes : null;
    this.#updates += 1;
    this.#bytes += update.bytes.length;
    for (const block of update.blocks) this.#addStructs(update.bytes, block);
    for (const { client, ranges } of update.deletes) {
      const known = this.#deletes.get(client);
      if (known === undefined) this.#deletes.set(client, [...ranges]);
      else for (const part of ranges) known.push(part);
    }
  }

  #addStructs(bytes: Uint8Array, { client, clock, endClock, starts, end }: ClientBlock): void {
    const [start] = starts;
    if (start === undefined) return;
    const run = this.#runs.get(client) ?? {
      clock,
      endClock,
      structs: 0,
      bytes: new Uint8Array(end - start),
      length: 0,
    };
    this.#runs.set(client, run);
    run.endClock = endClock;
    run.structs += starts.length;
    run.bytes = withRoom(run, end - start);
    for (let index = start; index < end; index += 1) run.bytes[run.length++] = bytes[index] ?? 0;
  }

  encode(): Uint8Array {
    if (this.#only !== null) return this.#only;
    const deletes = [...this.#deletes].map(([client, ranges]) => [client, joinRanges(ranges)] as const);
    const integers = deletes.reduce((sum, [, ranges]) => sum + 2 + ranges.length, 2 + this.#runs.size * 3);
    const out = new Uint8Array(this.#bytes + integers * INTEGER_BYTES);
    let at = writeVarUint(out, 0, this.#runs.size);
    // Where updates are merged as bytes, Yjs leaves out what does not come in this order.
    const runs = [...this.#runs].toSorted(([one], [other]) => other - one);
    for (const [client, run] of runs) at = writeRun(out, at, { client, run });
    at = writeVarUint(out, at, deletes.length);
    for (const [client, ranges] of deletes) {
      at = writeVarUint(out, at, client);
      at = writeVarUint(out, at, ranges.length / 2);
      for (const part of ranges) at = writeVarUint(out, at, part);
    }
    return out.subarray(0, at);
  }
}

function writeRun(out: Uint8Array, offset: number, { client, run }: { readonly client: number; readonly run: Run }) {
  let at = writeVarUint(out, offset, run.structs);
  at = writeVarUint(out, at, client);
  at = writeVarUint(out, at, run.clock);
  out.set(run.bytes.subarray(0, run.length), at);
  return at + run.length;
}

/** The run's bytes with room for more. */
function withRoom({ bytes, length }: Run, more: number): Uint8Array {
  if (length + more <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(length + more, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

/** The ranges in clock order, those that touch or overlap as one; in another order Yjs takes quadratic time. */
function joinRanges(ranges: readonly number[]): readonly number[] {
  if (ranges.length <= 2) return ranges;
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index < ranges.length; index += 2) {
    const clock = ranges[index] ?? 0;
    pairs.push([clock, clock + (ranges[index + 1] ?? 0)]);
  }
  pairs.sort(([one], [other]) => one - other);
  const joined: number[] = [];
  let [from, to] = pairs[0] ?? [0, 0];
  for (const [clock, end] of pairs) {
    if (clock > to) {
      joined.push(from, to - from);
      from = clock;
    }
    to = Math.max(to, end);
  }
  joined.push(from, to - from);
  return joined;
}
