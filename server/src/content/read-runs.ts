import * as Y from 'yjs';
import { liveContents, type SharedType } from './read-state.ts';

/** A stretch of text with one formatting, or one embedded thing. */
export type Run =
  | { readonly kind: 'text'; readonly text: string; readonly format: ReadonlyMap<string, unknown> }
  | { readonly kind: 'embed'; readonly value: unknown; readonly format: ReadonlyMap<string, unknown> };

/** Reads neighbouring text types as runs; neighbours of equal formatting are one run, however the edits cut them. */
export function readRuns(types: readonly SharedType[]): readonly Run[] {
  const runs: Run[] = [];
  let format = new Map<string, unknown>();
  let pieces: string[] = [];
  let opened: ReadonlyMap<string, unknown> = new Map();
  const close = (): void => {
    if (pieces.length > 0) runs.push({ kind: 'text', text: pieces.join(''), format: opened });
    pieces = [];
  };
  const read = (content: Y.Item['content']): void => {
    if (content instanceof Y.ContentFormat) {
      applyFormat(format, content);
    } else if (content instanceof Y.ContentString) {
      if (pieces.length > 0 && !isSameFormat(opened, format)) close();
      if (pieces.length === 0) opened = new Map(format);
      pieces.push(content.str);
    } else if (content instanceof Y.ContentEmbed || content instanceof Y.ContentType) {
      close();
      runs.push({ kind: 'embed', value: content.getContent()[0], format: new Map(format) });
    }
  };
  for (const type of types) {
    format = new Map();
    for (const content of liveContents(type)) read(content);
  }
  close();
  return runs;
}

function applyFormat(
  format: Map<string, unknown>,
  { key, value }: { readonly key: unknown; readonly value: unknown },
): void {
  if (value === null || value === undefined) format.delete(String(key));
  else format.set(String(key), value);
}

function isSameFormat(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    if (!right.has(key)) return false;
    const other = right.get(key);
    // Formats are small objects: the attributes of a mark.
    if (value !== other && JSON.stringify(value) !== JSON.stringify(other)) return false;
  }
  return true;
}
