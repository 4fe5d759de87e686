import type { UpdateLimits } from './limits.ts';
import type { UpdateReader } from './update-reader.ts';
import { RefusedBytes, refuse } from './update-refusal.ts';

/** The low five bits of a struct's info byte: what it is. */
export const STRUCT_KIND = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  subdocument: 9,
  skip: 10,
} as const;

/** Number of a shared type in the wire format; element (3) and hook (5) are followed by their name. */
const LAST_TYPE = 6;
const NAMED_TYPES: ReadonlySet<number> = new Set([3, 5]);
const JSON_UNDEFINED = 'undefined';

/** Checks an item's content and returns its length in clock units, at least 1. */
export function skipContent(reader: UpdateReader, kind: number, limits: UpdateLimits): number {
  switch (kind) {
    case STRUCT_KIND.string:
      return nonZero(reader, reader.skipText());
    case STRUCT_KIND.deleted:
      return nonZero(reader, reader.readVarUint());
    case STRUCT_KIND.type:
      return skipType(reader);
    case STRUCT_KIND.format:
      reader.skipKey();
      return skipJson(reader, limits);
    case STRUCT_KIND.any:
      return skipValues(reader, limits);
    case STRUCT_KIND.embed:
      return skipJson(reader, limits);
    case STRUCT_KIND.binary:
      reader.skip(reader.readVarUint());
      return 1;
    case STRUCT_KIND.json:
      return skipJsonList(reader, limits);
    case STRUCT_KIND.subdocument:
      return skipSubdocument(reader, limits);
    default:
      return reader.malformed('an unknown content');
  }
}

/** Refuses a length of 0: two structs at one clock make a document that cannot be loaded. */
export function nonZero(reader: UpdateReader, length: number): number {
  return length === 0 ? reader.malformed('a length is zero') : length;
}

function skipType(reader: UpdateReader): number {
  const type = reader.readVarUint();
  if (type > LAST_TYPE) reader.malformed('an unknown shared type');
  if (NAMED_TYPES.has(type)) reader.skipText();
  return 1;
}

function skipSubdocument(reader: UpdateReader, limits: UpdateLimits): number {
  if (!limits.allowSubdocuments) throw new RefusedBytes(refuse('forbidden-update', 'subdocuments are not allowed'));
  reader.skipText();
  // Yjs reads properties of the options without looking at what they are.
  if (reader.bytes[reader.pos] !== 118) reader.malformed('options of a subdocument are no object');
  skipAny(reader, limits.valueDepth);
  return 1;
}

function skipValues(reader: UpdateReader, limits: UpdateLimits): number {
  const count = reader.readCount(1);
  for (let index = 0; index < count; index += 1) skipAny(reader, limits.valueDepth);
  return nonZero(reader, count);
}

/** Skips one value in lib0's `any` encoding; tags count down from 127 (undefined) to 116 (bytes). */
export function skipAny(reader: UpdateReader, depthLeft: number): void {
  const tag = reader.readByte();
  switch (tag) {
    case 127:
    case 126:
    case 121:
    case 120:
      return;
    case 125:
      return reader.skipVarInt();
    case 124:
      return reader.skip(4);
    case 123:
    case 122:
      return reader.skip(8);
    case 119:
      reader.skipText();
      return;
    case 118:
    case 117:
      return skipNested(reader, tag, depthLeft);
    case 116:
      return reader.skip(reader.readVarUint());
    default:
      reader.malformed('an unknown value');
  }
}

function skipNested(reader: UpdateReader, tag: number, depthLeft: number): void {
  if (depthLeft === 0) throw new RefusedBytes(refuse('limit-exceeded', 'a value is nested too deeply'));
  const isObject = tag === 118;
  const count = reader.readCount(isObject ? 2 : 1);
  for (let index = 0; index < count; index += 1) {
    if (isObject) reader.skipKey();
    skipAny(reader, depthLeft - 1);
  }
}

function skipJsonList(reader: UpdateReader, limits: UpdateLimits): number {
  const count = reader.readCount(1);
  for (let index = 0; index < count; index += 1) {
    const text = reader.readText();
    if (text !== JSON_UNDEFINED) checkJson(reader, text, limits);
  }
  return nonZero(reader, count);
}

function skipJson(reader: UpdateReader, limits: UpdateLimits): number {
  checkJson(reader, reader.readText(), limits);
  return 1;
}

function checkJson(reader: UpdateReader, text: string, limits: UpdateLimits): void {
  if (text === 'true' || text === 'null' || text === '{}') return;
  checkJsonValue(reader, parseJson(reader, text), limits.valueDepth);
}

function parseJson(reader: UpdateReader, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return reader.malformed('a JSON value is not valid');
  }
}

function checkJsonValue(reader: UpdateReader, value: unknown, depthLeft: number): void {
  // 1e999 reads as Infinity and is written back as null, so the document would change by being stored.
  if (typeof value === 'number' && !Number.isFinite(value)) reader.malformed('a JSON number is too large');
  if (typeof value !== 'object' || value === null) return;
  if (depthLeft === 0) throw new RefusedBytes(refuse('limit-exceeded', 'a value is nested too deeply'));
  if (Object.hasOwn(value, '__proto__')) {
    throw new RefusedBytes(refuse('forbidden-update', 'the key __proto__ is not allowed'));
  }
  for (const entry of Object.values(value)) checkJsonValue(reader, entry, depthLeft - 1);
}
