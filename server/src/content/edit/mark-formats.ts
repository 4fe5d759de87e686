import * as buffer from 'lib0/buffer';
import * as sha256 from 'lib0/hash/sha256';
import { keyOf, type ContentMark, type JsonObject } from '../content-node.ts';
import { findMarkType, markDefaultsOf } from '../editor-schema.ts';
import type { JsonValue } from '../json-value.ts';
import { renderMark } from '../render-json.ts';

/** Formats of a text by the key that Yjs knows them under. */
export type Formats = ReadonlyMap<string, JsonValue>;

/** The formats that an editor writes for marks: a mark that may lie on a text twice has a hash behind its name. */
export function formatsOf(marks: readonly ContentMark[] = []): Map<string, JsonValue> {
  const formats = new Map<string, JsonValue>();
  for (const mark of marks) formats.set(formatKeyOf(mark, marks), mark.attrs ?? {});
  return formats;
}

function formatKeyOf(mark: ContentMark, all: readonly ContentMark[]): string {
  const type = findMarkType(mark.type);
  const mayOverlap = type === null ? all.filter((other) => other.type === mark.type).length > 1 : !type.excludes(type);
  return mayOverlap ? `${mark.type}--${hashOf(mark)}` : mark.type;
}

/** The hash that y-tiptap puts behind the name of a mark. */
function hashOf(mark: ContentMark): string {
  const digest = sha256.digest(buffer.encodeAny(mark));
  for (let at = HASH_BYTES; at < digest.length; at += 1)
    digest[at % HASH_BYTES] = (digest[at % HASH_BYTES] ?? 0) ^ (digest[at] ?? 0);
  return buffer.toBase64(digest.slice(0, HASH_BYTES));
}

const HASH_BYTES = 6;

/** Whether the schema has the mark that a format stands for. */
export function isKnownFormat(key: string): boolean {
  return findMarkType(markOfFormat(key, {}).type) !== null;
}

/** One string per mark that a format stands for, defaults filled in. */
export function formatIdentity(key: string, value: unknown): string {
  return keyOf(markOfFormat(key, value));
}

function markOfFormat(key: string, value: unknown): ContentMark {
  const { type, attrs } = renderMark(key, value, 0) as unknown as ContentMark;
  const all: JsonObject = { ...markDefaultsOf(type), ...attrs };
  return { type, attrs: all };
}
