import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { STRUCT_KIND } from './update-content.ts';

/** What a struct holds, in a form in which known and incoming content compare. Length is in clock units. */
export type StructContent =
  /** Deleted or collected: what it was can no longer be read. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'text'; readonly text: string }
  /** Values of an array or a map, one per clock unit. */
  | { readonly kind: 'values'; readonly values: readonly unknown[] }
  /** Anything that takes one clock unit. */
  | { readonly kind: 'single'; readonly type: number; readonly value: unknown };

/** Reads the content of a struct of an update that parsed. */
export function readStructContent(bytes: Uint8Array, kind: number, contentStart: number): StructContent {
  const decoder = decoding.createDecoder(bytes);
  decoder.pos = contentStart;
  switch (kind) {
    case STRUCT_KIND.gc:
    case STRUCT_KIND.deleted:
    case STRUCT_KIND.skip:
      return { kind: 'gone' };
    case STRUCT_KIND.string:
      return { kind: 'text', text: decoding.readVarString(decoder) };
    case STRUCT_KIND.any:
      return { kind: 'values', values: readList(decoder, () => decoding.readAny(decoder)) };
    case STRUCT_KIND.json:
      return { kind: 'values', values: readList(decoder, () => readJson(decoder)) };
    default:
      return { kind: 'single', type: kind, value: readSingle(decoder, kind) };
  }
}

function readList(decoder: decoding.Decoder, readOne: () => unknown): readonly unknown[] {
  const count = decoding.readVarUint(decoder);
  const values: unknown[] = [];
  for (let index = 0; index < count; index += 1) values.push(readOne());
  return values;
}

function readJson(decoder: decoding.Decoder): unknown {
  const text = decoding.readVarString(decoder);
  return text === 'undefined' ? undefined : JSON.parse(text);
}

function readSingle(decoder: decoding.Decoder, kind: number): unknown {
  switch (kind) {
    case STRUCT_KIND.binary:
      return decoding.readVarUint8Array(decoder);
    case STRUCT_KIND.embed:
      return readJson(decoder);
    case STRUCT_KIND.format:
      return [decoding.readVarString(decoder), readJson(decoder)];
    case STRUCT_KIND.type:
      return decoding.readVarUint(decoder);
    default:
      return decoding.readVarString(decoder);
  }
}

/** The clock units `from` to before `to`, counted from the content's first. */
export function sliceContent(content: StructContent, from: number, to: number): StructContent {
  if (content.kind === 'text') return { kind: 'text', text: content.text.slice(from, to) };
  if (content.kind === 'values') return { kind: 'values', values: content.values.slice(from, to) };
  return content;
}

/**
 * A number per clock unit that is equal for equal content, however it is divided into structs. Halves of a surrogate
 * pair count as U+FFFD, which Yjs puts in their place wherever it divides the pair.
 */
export function contentDigests(content: StructContent): readonly number[] {
  switch (content.kind) {
    case 'gone':
      return [];
    case 'text':
      return Array.from({ length: content.text.length }, (_, index) => textUnit(content.text.charCodeAt(index)));
    case 'values':
      return content.values.map((value) => digestValue(STRUCT_KIND.any, value));
    case 'single':
      return [digestValue(content.type, content.value)];
  }
}

function textUnit(code: number): number {
  return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
}

/** FNV-1a over the encoded value, kept clear of the range of text units. */
function digestValue(type: number, value: unknown): number {
  const encoder = encoding.createEncoder();
  encoding.writeUint8(encoder, type);
  // The encoding of `any` keeps apart what JSON does not (undefined, bytes, bigint), and normalizes numbers.
  encoding.writeAny(encoder, toAny(value));
  let hash = 0x811c9dc5;
  for (const byte of encoding.toUint8Array(encoder)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash + 0x10000;
}

function toAny(value: unknown): encoding.AnyEncodable {
  return value as encoding.AnyEncodable;
}
