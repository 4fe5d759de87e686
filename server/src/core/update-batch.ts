import { isInYjsOrder } from './update-cut.ts';
import { UpdateRun } from './update-run.ts';
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

class Batch {
  readonly #runs = new Map<number, UpdateRun>();
  /** Clock, length, clock, length, … in the order of the updates. */
  readonly #deletes = new Map<number, number[]>();
  /** The bytes of the only update so far, as they came; `null` where they are not what is to be written. */
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
    this.#only = this.isEmpty && isInYjsOrder(update.blocks) ? update.bytes : null;
    this.#updates += 1;
    this.#bytes += update.bytes.length;
    for (const block of update.blocks) this.#addStructs(update.bytes, block);
    for (const { client, ranges } of update.deletes) {
      const known = this.#deletes.get(client);
      if (known === undefined) this.#deletes.set(client, [...ranges]);
      else for (const part of ranges) known.push(part);
    }
  }

  #addStructs(bytes: Uint8Array, block: ClientBlock): void {
    if (block.starts.length === 0) return;
    let run = this.#runs.get(block.client);
    if (run === undefined) {
      run = new UpdateRun(block.client, block.clock);
      this.#runs.set(block.client, run);
    }
    run.add(bytes, block);
  }

  encode(): Uint8Array {
    if (this.#only !== null) return this.#only;
    const deletes = [...this.#deletes].map(([client, ranges]) => [client, joinRanges(ranges)] as const);
    const integers = deletes.reduce((sum, [, ranges]) => sum + 2 + ranges.length, 2 + this.#runs.size * 3);
    const out = new Uint8Array(this.#bytes + integers * INTEGER_BYTES);
    let at = writeVarUint(out, 0, this.#runs.size);
    // Where updates are merged as bytes, Yjs leaves out what does not come in this order.
    const runs = [...this.#runs].toSorted(([one], [other]) => other - one);
    for (const [, run] of runs) at = run.write(out, at);
    at = writeVarUint(out, at, deletes.length);
    for (const [client, ranges] of deletes) {
      at = writeVarUint(out, at, client);
      at = writeVarUint(out, at, ranges.length / 2);
      for (const part of ranges) at = writeVarUint(out, at, part);
    }
    return out.subarray(0, at);
  }
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
