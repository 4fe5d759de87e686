import * as Y from 'yjs';
import type { ContentNode } from '../content-node.ts';
import type { JsonValue } from '../json-value.ts';
import { formatIdentity, formatsOf, isKnownFormat, type Formats } from './mark-formats.ts';

interface Stretch {
  readonly length: number;
  readonly formats: Formats;
}

/**
 * Sets the formats of a block of text whose characters are already what they shall be. A format source that cannot
 * speak of marks outside the schema leaves those as they are.
 */
export function editFormats(block: Y.XmlFragment, target: readonly ContentNode[], keepsUnknownMarks: boolean): void {
  const wanted = new Wanted(target);
  for (const child of block.toArray()) {
    if (child instanceof Y.XmlText) formatText(child, wanted, keepsUnknownMarks);
    else wanted.take(1);
  }
}

function formatText(text: Y.XmlText, wanted: Wanted, keepsUnknownMarks: boolean): void {
  let at = 0;
  for (const { length, formats } of readStretches(text)) {
    for (let done = 0; done < length;) {
      const part = wanted.take(length - done);
      if (part === null) return;
      const change = part.formats === null ? {} : compareFormats(formats, part.formats, keepsUnknownMarks);
      if (Object.keys(change).length > 0) text.format(at + done, part.length, change);
      done += part.length;
    }
    at += length;
  }
}

/** The formats that shall be, from the left to the right. */
class Wanted {
  readonly #parts: readonly { readonly length: number; readonly formats: Formats | null }[];
  #index = 0;
  #used = 0;

  constructor(target: readonly ContentNode[]) {
    this.#parts = target.map((node) => ({
      length: node.text?.length ?? 1,
      formats: node.text === undefined ? null : formatsOf(node.marks),
    }));
  }

  /** The next stretch of one formatting, at most so long; null formats stand for an inline thing. */
  take(most: number): { readonly length: number; readonly formats: Formats | null } | null {
    const part = this.#parts[this.#index];
    if (part === undefined) return null;
    const length = Math.min(most, part.length - this.#used);
    this.#used += length;
    if (this.#used === part.length) {
      this.#index += 1;
      this.#used = 0;
    }
    return { length, formats: part.formats };
  }
}

function readStretches(text: Y.XmlText): readonly Stretch[] {
  return (
    text.toDelta() as readonly { readonly insert: unknown; readonly attributes?: Record<string, JsonValue> }[]
  ).map(({ insert, attributes = {} }) => ({
    length: typeof insert === 'string' ? insert.length : 1,
    formats: new Map(Object.entries(attributes)),
  }));
}

/** The formats to set, null for those to take away; nothing where both stand for the same marks. */
function compareFormats(is: Formats, shall: Formats, keepsUnknownMarks: boolean): Record<string, JsonValue> {
  const change: [string, JsonValue][] = [];
  const wanted = new Map([...shall].map(([key, value]) => [formatIdentity(key, value), key]));
  for (const [key, value] of is) {
    const identity = formatIdentity(key, value);
    if (wanted.delete(identity)) continue;
    if (!keepsUnknownMarks || isKnownFormat(key)) change.push([key, null]);
  }
  for (const key of wanted.values()) change.push([key, shall.get(key) ?? {}]);
  return Object.fromEntries(change);
}
