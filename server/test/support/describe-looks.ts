import * as Y from 'yjs';
import { describeDocument } from './document-description.ts';

function load(update: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  return doc;
}

/** Everything in a state. Yjs itself disagrees about halves of emoji, see `honest-run.ts`. */
export function describeAll(update: Uint8Array): string {
  return describeDocument(load(update)).replaceAll(/[\ud800-\udfff]/g, '\ufffd');
}

/** How every root but that of the comments looks: marks of formats as what they do to the content, not as themselves. */
export function describeContent(update: Uint8Array): string {
  const doc = load(update);
  const roots = [...doc.share].filter(
    ([name, type]) => name !== 'comments' && (type._start !== null || type._map.size > 0),
  );
  return JSON.stringify(
    roots.map(([name, type]) => [name, JSON.stringify(describeLooks(type as AnyType))].join()).toSorted(byText),
  );
}

type AnyType = Y.AbstractType<unknown>;

function describeLooks(type: AnyType): unknown {
  const pieces: { formats: string; content: string }[] = [];
  const formats = new Map<string, unknown>();
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentFormat) {
      formats.delete(item.content.key);
      if (item.content.value !== null) formats.set(item.content.key, item.content.value);
      continue;
    }
    const now = JSON.stringify([...formats].toSorted(([left], [right]) => (left < right ? -1 : 1)));
    const content = item.content instanceof Y.ContentString ? item.content.str : describeItem(item);
    const last = pieces.at(-1);
    if (last?.formats === now) last.content += content;
    else pieces.push({ formats: now, content });
  }
  const entries = [...type._map]
    .filter(([, item]) => !item.deleted)
    .map(([key, item]) => [key, describeItem(item)].join());
  return [pieces, entries.toSorted(byText)];
}

function describeItem(item: Y.Item): string {
  if (item.content instanceof Y.ContentType) return JSON.stringify(describeLooks(item.content.type as AnyType));
  const values = item.content instanceof Y.ContentEmbed ? [item.content.embed] : item.content.getContent();
  return values
    .map((value: unknown) => JSON.stringify(value, (_key, it: unknown) => (typeof it === 'bigint' ? `${it}n` : it)))
    .join();
}

function byText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
