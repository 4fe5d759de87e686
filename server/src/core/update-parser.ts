import type { UpdateLimits } from './limits.ts';
import { nonZero, skipContent, STRUCT_KIND } from './update-content.ts';
import { sortDeletes } from './update-deletes.ts';
import { UpdateReader } from './update-reader.ts';
import { catchRefusal, RefusedBytes, refuse, type Refusal } from './update-refusal.ts';
import type { ClientBlock, DeleteRanges, ParsedUpdate } from './update-structure.ts';

export type { ParsedUpdate } from './update-structure.ts';

/**
 * Parses the bytes of a Yjs V1 update (format as read by `readClientsStructRefs` and `readAndApplyDeleteSet` of
 * yjs 13.6) without Yjs. Never throws: bytes that Yjs must not see are answered with a refusal.
 */
export function parseUpdate(bytes: Uint8Array, limits: UpdateLimits): ParsedUpdate | Refusal {
  return catchRefusal(() => new UpdateParser(bytes, limits).parse());
}

class UpdateParser {
  readonly #reader: UpdateReader;
  readonly #limits: UpdateLimits;
  readonly #rootNames = new Set<string>();
  #lastRootName: string | null = null;
  #structsLeft: number;
  #rangesLeft: number;
  #makesTypes = false;
  #isDeleteOrderChanged = false;

  constructor(bytes: Uint8Array, limits: UpdateLimits) {
    this.#reader = new UpdateReader(bytes);
    this.#limits = limits;
    this.#structsLeft = limits.structs;
    this.#rangesLeft = limits.deleteRanges;
  }

  parse(): ParsedUpdate {
    const reader = this.#reader;
    const blocks = this.#readBlocks();
    const deletes = this.#readDeletes();
    if (reader.left !== 0) reader.malformed('bytes are left over');
    const { bytes } = reader;
    return {
      kind: 'parsed',
      bytes,
      blocks,
      deletes,
      rootNames: [...this.#rootNames],
      isDeleteOrderChanged: this.#isDeleteOrderChanged,
      makesTypes: this.#makesTypes,
      effort: { left: this.#limits.effort },
    };
  }

  #readBlocks(): ClientBlock[] {
    const count = this.#reader.readCount(3);
    if (count > this.#limits.clients) this.#exceeded('too many clients');
    const blocks: ClientBlock[] = [];
    const seen = count > 1 ? new Set<number>() : null;
    for (let index = 0; index < count; index += 1) {
      const block = this.#readBlock();
      // Yjs would let the second block of a client silently replace the first one.
      if (seen?.has(block.client)) this.#reader.malformed('a client has two blocks');
      seen?.add(block.client);
      blocks.push(block);
    }
    return blocks;
  }

  #readBlock(): ClientBlock {
    const reader = this.#reader;
    const count = reader.readCount(2);
    this.#structsLeft -= count;
    if (this.#structsLeft < 0) this.#exceeded('too many structs');
    const client = reader.readVarUint();
    const first = reader.readVarUint();
    const clocks: number[] = [];
    const starts: number[] = [];
    let hasSkip = false;
    let clock = first;
    for (let index = 0; index < count; index += 1) {
      clocks.push(clock);
      starts.push(reader.pos);
      if (reader.bytes[reader.pos] === STRUCT_KIND.skip) hasSkip = true;
      clock += this.#readStruct(client, clock);
      if (clock > this.#limits.clock) this.#exceeded('a clock is too large');
    }
    return { client, clock: first, endClock: clock, clocks, starts, end: reader.pos, hasSkip };
  }

  /** Checks one struct and returns its length in clock units. */
  #readStruct(client: number, clock: number): number {
    const reader = this.#reader;
    const info = reader.readByte();
    const kind = info & 31;
    if (kind === STRUCT_KIND.gc || kind === STRUCT_KIND.skip) {
      // Parts of Yjs compare the whole byte and parts only these bits, so flags here would be read in two ways.
      if (info !== kind) reader.malformed('a struct without content has flags');
      return nonZero(reader, reader.readVarUint());
    }
    if ((info & 128) !== 0) this.#readReference(client, clock);
    if ((info & 64) !== 0) this.#readReference(client, clock);
    if ((info & 192) === 0) this.#readParent(client, clock, (info & 32) !== 0);
    if (kind === STRUCT_KIND.type) this.#makesTypes = true;
    return skipContent(reader, kind, this.#limits);
  }

  #readParent(client: number, clock: number, hasKey: boolean): void {
    const reader = this.#reader;
    const isRoot = reader.readVarUint();
    if (isRoot === 1) this.#readRootName();
    else if (isRoot === 0) this.#readReference(client, clock);
    else reader.malformed('an unknown kind of parent');
    if (hasKey) reader.skipKey();
  }

  #readRootName(): void {
    const reader = this.#reader;
    const start = reader.pos;
    reader.skipKey();
    const end = reader.pos;
    reader.pos = start;
    const name = reader.readText();
    reader.pos = end;
    if (name === this.#lastRootName) return;
    this.#lastRootName = name;
    this.#rootNames.add(name);
    if (this.#rootNames.size > this.#limits.rootNamesPerUpdate) this.#exceeded('too many root names');
  }

  /** A struct may refer to other clients' structs, and to earlier ones of its own. */
  #readReference(client: number, clock: number): void {
    const reader = this.#reader;
    const otherClient = reader.readVarUint();
    const otherClock = reader.readVarUint();
    if (otherClient === client && otherClock >= clock) reader.malformed('a struct refers to itself or a later one');
    if (otherClock >= this.#limits.clock) this.#exceeded('a clock is too large');
  }

  #readDeletes(): DeleteRanges[] {
    const count = this.#reader.readCount(2);
    if (count > this.#limits.clients) this.#exceeded('too many clients');
    const deletes: DeleteRanges[] = [];
    for (let index = 0; index < count; index += 1) deletes.push(this.#readDeleteRanges());
    const sorted = sortDeletes(deletes);
    this.#isDeleteOrderChanged = sorted !== deletes;
    return sorted;
  }

  #readDeleteRanges(): DeleteRanges {
    const reader = this.#reader;
    const client = reader.readVarUint();
    const count = reader.readCount(2);
    this.#rangesLeft -= count;
    if (this.#rangesLeft < 0) this.#exceeded('too many delete ranges');
    const ranges: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const clock = reader.readVarUint();
      const length = nonZero(reader, reader.readVarUint());
      if (clock + length > this.#limits.clock) this.#exceeded('a clock is too large');
      ranges.push(clock, length);
    }
    return { client, ranges };
  }

  #exceeded(detail: string): never {
    throw new RefusedBytes(refuse('limit-exceeded', detail));
  }
}
