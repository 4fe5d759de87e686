import * as Y from 'yjs';
import { keyOf } from '../content-node.ts';

/** A text that two units of items have in common when they hold the same. */
export function keyOfUnit(content: Y.Item['content'], at: number): string {
  if (content instanceof Y.ContentString) return `"${content.str[at] ?? ''}`;
  return keyOf(describeContent(content, at, 1)[0]);
}

function describeContent(content: Y.Item['content'], from: number, length: number): readonly unknown[] {
  if (content instanceof Y.ContentType) return [describeType(content.type)];
  if (content instanceof Y.ContentBinary) return [{ bytes: Buffer.from(content.content).toString('base64') }];
  if (content instanceof Y.ContentEmbed) return [{ embed: content.embed as unknown }];
  return content.getContent().slice(from, from + length) as readonly unknown[];
}

function describeType(type: Y.AbstractType<unknown>): object {
  const kind = type instanceof Y.XmlElement ? type.nodeName : type.constructor.name;
  return {
    kind,
    entries: describeEntries(type),
    list: type instanceof Y.Text ? describeText(type) : describeList(type),
  };
}

function describeEntries(type: Y.AbstractType<unknown>): readonly unknown[] {
  const entries = [...type._map].filter(([, item]) => !item.deleted);
  return entries
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, item]) => [key, describeContent(item.content, item.length - 1, 1)[0]]);
}

function describeList(type: Y.AbstractType<unknown>): readonly unknown[] {
  const values: unknown[] = [];
  for (let item = type._start; item !== null; item = item.right)
    if (!item.deleted && item.countable) values.push(...describeContent(item.content, 0, item.length));
  return values;
}

/** Formats may divide a text in more than one way. */
function describeText(text: Y.Text): readonly unknown[] {
  const delta = text.toDelta() as readonly { readonly insert: unknown; readonly attributes?: object }[];
  const parts: { insert: string; formats: string }[] = [];
  for (const { insert, attributes = {} } of delta) {
    const formats = keyOf(attributes);
    const words =
      typeof insert === 'string' ? insert : keyOf(insert instanceof Y.AbstractType ? describeType(insert) : insert);
    const last = parts.at(-1);
    if (last?.formats === formats && typeof insert === 'string') last.insert += words;
    else parts.push({ insert: words, formats });
  }
  return parts;
}
