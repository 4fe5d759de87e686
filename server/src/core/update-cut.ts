import * as encoding from 'lib0/encoding';
import { skipAny, STRUCT_KIND } from './update-content.ts';
import type { Neighbours } from './update-order.ts';
import type { ClientBlock, DeleteRanges, ParsedUpdate } from './update-structure.ts';
import { UpdateReader } from './update-reader.ts';
import type { ReadyBlock, ReadyPart } from './update-ready.ts';
import { createStructPlace, readStructPlace } from './update-struct.ts';

/**
 * Returns the ready part as an update of its own, or the update's own bytes when that is all of it. A struct whose
 * beginning is known is written as `Item.write` with an offset (yjs 13.6) would write it, and one whose neighbours are
 * not in order with others.
 */
export function cutUpdate(parsed: ParsedUpdate, ready: ReadyPart): Uint8Array {
  if (isWhole(parsed, ready)) return parsed.bytes;
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, ready.blocks.length);
  const source = { bytes: parsed.bytes, replaced: ready.replaced, emptied: ready.emptied ?? NONE };
  for (const part of inYjsOrder(ready.blocks)) writeBlock(encoder, source, part);
  writeDeletes(encoder, parsed, ready);
  return encoding.toUint8Array(encoder);
}

/** Whether the part holds anything that could be applied. */
export function isEmptyPart(parsed: ParsedUpdate, ready: ReadyPart): boolean {
  return ready.blocks.length === 0 && readyDeletes(parsed, ready).length === 0;
}

const NONE: ReadonlySet<number> = new Set();

function isWhole(parsed: ParsedUpdate, ready: ReadyPart): boolean {
  if ((ready.emptied ?? NONE).size > 0) return false;
  if (ready.isPartial || ready.replaced.size > 0 || parsed.isDeleteOrderChanged || ready.missing.size > 0) return false;
  if (ready.blocks.length !== parsed.blocks.length || !isInYjsOrder(parsed.blocks)) return false;
  return ready.blocks.every((part) => part.from === 0 && part.offset === 0 && !part.block.hasSkip);
}

/**
 * Yjs writes the largest clientID first. It applies blocks in any order, but where it merges updates as bytes it leaves out
 * what stands in another one.
 */
export function isInYjsOrder(blocks: readonly ClientBlock[]): boolean {
  return blocks.every(({ client }, index) => client < (blocks[index - 1]?.client ?? Infinity));
}

function inYjsOrder(blocks: readonly ReadyBlock[]): readonly ReadyBlock[] {
  return blocks.toSorted((one, other) => other.block.client - one.block.client);
}

function writeBlock(encoder: encoding.Encoder, source: Source, part: ReadyBlock): void {
  const { block, from, to, offset } = part;
  encoding.writeVarUint(encoder, to - from);
  encoding.writeVarUint(encoder, block.client);
  encoding.writeVarUint(encoder, part.fromClock);
  if (offset > 0) writeCutStruct(encoder, source, part);
  let copied = block.starts[offset > 0 ? from + 1 : from] ?? block.end;
  const isCopy = source.replaced.size === 0 && source.emptied.size === 0;
  for (let index = from; index < to && !isCopy; index += 1) {
    const start = block.starts[index] ?? 0;
    const isEmptied = source.emptied.has(start);
    if (start < copied || !(isEmptied || source.replaced.has(start))) continue;
    encoding.writeUint8Array(encoder, source.bytes.subarray(copied, start));
    copied = block.starts[index + 1] ?? block.end;
    if (isEmptied) writeEmpty(encoder, lengthFrom(block, index, block.clocks[index] ?? 0));
    else writeReplaced(encoder, source, { start, end: copied });
  }
  encoding.writeUint8Array(encoder, source.bytes.subarray(copied, block.starts[to] ?? block.end));
}

/** A struct without content and place: what Yjs makes of a collected one. */
function writeEmpty(encoder: encoding.Encoder, length: number): void {
  encoding.writeUint8(encoder, STRUCT_KIND.gc);
  encoding.writeVarUint(encoder, length);
}

function lengthFrom(block: ClientBlock, index: number, clock: number): number {
  return (block.clocks[index + 1] ?? block.endClock) - clock;
}

interface Source {
  readonly bytes: Uint8Array;
  readonly emptied: ReadonlySet<number>;
  /** Other neighbours for structs, by byte offset. */
  readonly replaced: ReadonlyMap<number, Neighbours>;
}

/** Writes a struct between other neighbours; it has one at least, so nothing has to name its parent. */
function writeReplaced(
  encoder: encoding.Encoder,
  { bytes, replaced }: Source,
  struct: { readonly start: number; readonly end: number },
): void {
  const place = createStructPlace();
  readStructPlace(bytes, struct.start, place);
  writeHead(encoder, place.info, replaced.get(struct.start) ?? { origin: null, rightOrigin: null });
  encoding.writeUint8Array(encoder, bytes.subarray(place.contentStart, struct.end));
}

function writeHead(encoder: encoding.Encoder, info: number, { origin, rightOrigin }: Neighbours): void {
  encoding.writeUint8(encoder, (info & 63) | (origin === null ? 0 : 128) | (rightOrigin === null ? 0 : 64));
  for (const id of [origin, rightOrigin]) {
    if (id === null) continue;
    encoding.writeVarUint(encoder, id.client);
    encoding.writeVarUint(encoder, id.clock);
  }
}

function writeCutStruct(encoder: encoding.Encoder, { bytes, replaced, emptied }: Source, part: ReadyBlock): void {
  const { block, from, offset } = part;
  const start = block.starts[from] ?? 0;
  if (emptied.has(start)) {
    writeEmpty(encoder, lengthFrom(block, from, part.fromClock));
    return;
  }
  const place = createStructPlace();
  readStructPlace(bytes, start, place);
  const kind = place.info & 31;
  if (kind === STRUCT_KIND.gc) {
    encoding.writeUint8(encoder, STRUCT_KIND.gc);
  } else {
    const rightOrigin = place.rightClient === -1 ? null : { client: place.rightClient, clock: place.rightClock };
    const origin = { client: block.client, clock: part.fromClock - 1 };
    writeHead(encoder, place.info, replaced.get(start) ?? { origin, rightOrigin });
  }
  const content = new UpdateReader(bytes, place.contentStart);
  writeCutContent(encoder, content, { kind, offset, end: block.starts[from + 1] ?? block.end });
}

interface Cut {
  readonly kind: number;
  /** Clock units to leave out. */
  readonly offset: number;
  /** Byte offset after the struct. */
  readonly end: number;
}

function writeCutContent(encoder: encoding.Encoder, content: UpdateReader, { kind, offset, end }: Cut): void {
  if (kind === STRUCT_KIND.string) {
    // A cut through a surrogate pair leaves a lone half, which is encoded as U+FFFD: what Yjs does as well.
    encoding.writeVarString(encoder, content.readText().slice(offset));
    return;
  }
  encoding.writeVarUint(encoder, content.readVarUint() - offset);
  if (kind !== STRUCT_KIND.any && kind !== STRUCT_KIND.json) return;
  for (let index = 0; index < offset; index += 1) {
    if (kind === STRUCT_KIND.any) skipAny(content, Infinity);
    else content.skip(content.readVarUint());
  }
  encoding.writeUint8Array(encoder, content.bytes.subarray(content.pos, end));
}

function writeDeletes(encoder: encoding.Encoder, parsed: ParsedUpdate, ready: ReadyPart): void {
  const deletes = readyDeletes(parsed, ready);
  encoding.writeVarUint(encoder, deletes.length);
  for (const { client, ranges } of deletes) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, ranges.length / 2);
    for (const value of ranges) encoding.writeVarUint(encoder, value);
  }
}

function readyDeletes(parsed: ParsedUpdate, ready: ReadyPart): readonly DeleteRanges[] {
  // As in Yjs, everything is inserted before anything is deleted, but for what must not be there undeleted.
  if (ready.isPartial) return [...ready.deletesAtOnce].map(([client, ranges]) => ({ client, ranges }));
  const deletes: { client: number; ranges: number[] }[] = [];
  for (const { client, ranges } of parsed.deletes) {
    const after = ready.clockAfter(client);
    const kept: number[] = [];
    for (let index = 0; index < ranges.length; index += 2) {
      const clock = ranges[index] ?? 0;
      const end = Math.min(clock + (ranges[index + 1] ?? 0), after);
      if (end > clock) kept.push(clock, end - clock);
    }
    if (kept.length > 0) deletes.push({ client, ranges: kept });
  }
  return deletes;
}
