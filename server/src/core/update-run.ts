import { STRUCT_KIND } from './update-content.ts';
import { UpdateReader } from './update-reader.ts';
import { createStructPlace, readStructPlace } from './update-struct.ts';
import type { ClientBlock } from './update-structure.ts';
import { lengthOfVarUint, writeVarUint } from './var-uint.ts';

/** Of a struct's first byte: its kind, and whether it has a key. */
const KIND_AND_KEY = 63;
const HAS_ORIGIN = 128;

/** The text that a run ends with, which may go on. */
interface OpenText {
  /** What it stands before; -1: nothing. */
  readonly rightClient: number;
  readonly rightClock: number;
  /** Offset of its length in the run's bytes; the text behind it ends them. */
  readonly lengthAt: number;
  bytes: number;
}

/**
 * Structs of one client that follow one another. What somebody typed letter by letter becomes one struct: a text that
 * follows the last letter, before the same neighbour, is what Yjs itself makes one of once both are in the document, and
 * to make it one before saves it from ten thousand objects.
 */
export class UpdateRun {
  readonly #client: number;
  readonly #clock: number;
  #endClock: number;
  #structs = 0;
  /** The structs' bytes, with room behind them. */
  #bytes = new Uint8Array(64);
  #length = 0;
  #open: OpenText | null = null;

  /** An empty run that begins at this clock. */
  constructor(client: number, clock: number) {
    this.#client = client;
    this.#clock = clock;
    this.#endClock = clock;
  }

  /** The clock that goes on behind it. */
  get endClock(): number {
    return this.#endClock;
  }

  /** Takes structs that begin at `endClock`. */
  add(bytes: Uint8Array, { endClock, starts, end }: ClientBlock): void {
    const [first] = starts;
    if (first === undefined) return;
    const second = starts[1] ?? end;
    const isJoined = this.#open !== null && this.#join(bytes, first, second);
    this.#copy(bytes, isJoined ? second : first, end);
    this.#structs += starts.length - (isJoined ? 1 : 0);
    this.#endClock = endClock;
    if (!isJoined || starts.length > 1) this.#openText(bytes, starts.at(-1) ?? first, end);
  }

  /** Writes the run as a block of an update; returns the offset behind it. */
  write(out: Uint8Array, offset: number): number {
    let at = writeVarUint(out, offset, this.#structs);
    at = writeVarUint(out, at, this.#client);
    at = writeVarUint(out, at, this.#clock);
    out.set(this.#bytes.subarray(0, this.#length), at);
    return at + this.#length;
  }

  /** Appends the text of a struct to the one before, if it goes on with it. */
  #join(bytes: Uint8Array, start: number, end: number): boolean {
    const open = this.#open;
    const info = bytes[start] ?? 0;
    if (open === null || (info & KIND_AND_KEY) !== STRUCT_KIND.string || (info & HAS_ORIGIN) === 0) return false;
    const place = createStructPlace();
    readStructPlace(bytes, start, place);
    if (place.originClient !== this.#client || place.originClock !== this.#endClock - 1) return false;
    if (place.rightClient !== open.rightClient) return false;
    if (place.rightClient !== -1 && place.rightClock !== open.rightClock) return false;
    const from = startOfText(bytes, place.contentStart);
    this.#lengthen(open, end - from);
    this.#copy(bytes, from, end);
    return true;
  }

  /** Writes a larger length before the open text, which moves where the length takes more bytes. */
  #lengthen(open: OpenText, more: number): void {
    const [before, after] = [lengthOfVarUint(open.bytes), lengthOfVarUint(open.bytes + more)];
    this.#makeRoom(after - before);
    if (after > before) {
      this.#bytes.copyWithin(open.lengthAt + after, open.lengthAt + before, this.#length);
      this.#length += after - before;
    }
    open.bytes += more;
    writeVarUint(this.#bytes, open.lengthAt, open.bytes);
  }

  /** Notes that the run ends with this struct, when it is a text that may go on. */
  #openText(bytes: Uint8Array, start: number, end: number): void {
    this.#open = null;
    if (((bytes[start] ?? 0) & KIND_AND_KEY) !== STRUCT_KIND.string) return;
    const place = createStructPlace();
    readStructPlace(bytes, start, place);
    const { rightClient, rightClock, contentStart } = place;
    const textStart = startOfText(bytes, contentStart);
    const length = end - textStart;
    // A length may be written with more bytes than it takes, and would not be replaced by one that is not.
    if (textStart - contentStart !== lengthOfVarUint(length)) return;
    this.#open = { rightClient, rightClock, lengthAt: this.#length - (end - contentStart), bytes: length };
  }

  #copy(bytes: Uint8Array, from: number, to: number): void {
    this.#makeRoom(to - from);
    for (let index = from; index < to; index += 1) this.#bytes[this.#length++] = bytes[index] ?? 0;
  }

  #makeRoom(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Where a text begins whose length stands at this offset. */
function startOfText(bytes: Uint8Array, offset: number): number {
  const reader = new UpdateReader(bytes, offset);
  reader.readVarUint();
  return reader.pos;
}
