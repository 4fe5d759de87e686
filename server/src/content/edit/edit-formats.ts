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
  const wanted = target.map((node) => ({
    length: node.text?.length ?? 1,
    formats: node.text === undefined ? null : formatsOf(node.marks),
  }));
  let [index, used] = [0, 0];
  for (const child of block.toArray()) {
    const stretches: readonly Stretch[] = child instanceof Y.XmlText ? readStretches(child) : [];
    let at = 0;
    if (!(child instanceof Y.XmlText)) index += 1;
    for (let { length, formats } of stretches) {
      while (length > 0) {
        const want = wanted[index];
        if (want === undefined) return;
        const size = Math.min(length, want.length - used);
        const change = want.formats === null ? {} : compareFormats(formats, want.formats, keepsUnknownMarks);
        if (Object.keys(change).length > 0) (child as Y.XmlText).format(at, size, change);
        at += size;
        length -= size;
        used += size;
        if (used === want.length) [index, used] = [index + 1, 0];
      }
    }
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
