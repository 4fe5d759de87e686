import * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';

/** Units of an item as values that can be inserted again: plain values, or new types that hold what the old ones hold. */
export function copyContent(content: Y.Item['content'], from: number, length: number): readonly unknown[] {
  if (content instanceof Y.ContentType) return [copyType(content.type)];
  if (content instanceof Y.ContentDoc)
    throw new ScriptoriumError('invalid-content', 'a document inside a document cannot be restored');
  return content.getContent().slice(from, from + length);
}

/** Yjs can clone types too, but leaves out attributes that are no text. */
function copyType(type: Y.AbstractType<unknown>): Y.AbstractType<unknown> {
  if (type instanceof Y.XmlElement || type instanceof Y.XmlHook) {
    const copy = type instanceof Y.XmlHook ? new Y.XmlHook(type.hookName) : new Y.XmlElement(type.nodeName);
    if (copy instanceof Y.XmlElement) copyEntries(type, (key, value) => copy.setAttribute(key, value as string));
    if (copy instanceof Y.XmlElement) copy.insert(0, copyList(type) as Y.XmlElement[]);
    return copy as unknown as Y.AbstractType<unknown>;
  }
  if (type instanceof Y.Text) {
    const copy = type instanceof Y.XmlText ? new Y.XmlText() : new Y.Text();
    copy.applyDelta(type.toDelta() as unknown[], { sanitize: false });
    if (copy instanceof Y.XmlText) copyEntries(type, (key, value) => copy.setAttribute(key, value));
    return copy as unknown as Y.AbstractType<unknown>;
  }
  if (type instanceof Y.Map) {
    const copy = new Y.Map<unknown>();
    copyEntries(type, (key, value) => copy.set(key, value));
    return copy as unknown as Y.AbstractType<unknown>;
  }
  const copy = new Y.Array<unknown>();
  copy.insert(0, [...copyList(type)]);
  return copy as unknown as Y.AbstractType<unknown>;
}

function copyList(type: Pick<Y.AbstractType<unknown>, '_start'>): readonly unknown[] {
  const values: unknown[] = [];
  for (let item = type._start; item !== null; item = item.right)
    if (!item.deleted && item.countable) values.push(...copyContent(item.content, 0, item.length));
  return values;
}

function copyEntries(type: Pick<Y.AbstractType<unknown>, '_map'>, set: (key: string, value: unknown) => void): void {
  for (const [key, item] of type._map) if (!item.deleted) set(key, copyContent(item.content, item.length - 1, 1)[0]);
}
