import * as Y from 'yjs';

/** Yjs types its roots with `any` events. */
type AnyType = Y.Doc['share'] extends Map<string, infer Type> ? Type : never;

/**
 * Everything visible in a document as plain values, by walking the items: unlike `toJSON`, it takes any mixture of
 * content in any type, also what no editor would write.
 */
export function describeDocument(doc: Y.Doc): string {
  const roots = [...doc.share.entries()].filter(([, type]) => type._start !== null || type._map.size > 0);
  roots.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    roots.map(([name, type]) => [name, describeType(type)]),
    plain,
  );
}

function describeType(type: AnyType): unknown {
  const list: unknown[] = [];
  let text = '';
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentString) {
      text += item.content.str;
      continue;
    }
    if (text !== '') list.push(text);
    text = '';
    list.push(...describeContent(item));
  }
  if (text !== '') list.push(text);
  const entries = [...type._map]
    .filter(([, item]) => !item.deleted)
    .map(([key, item]) => [key, describeContent(item)] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    type: type.constructor.name === 'AbstractType' ? 'root' : type.constructor.name,
    name: nodeName(type),
    list,
    entries,
  };
}

function nodeName(type: unknown): string | undefined {
  return type instanceof Y.XmlElement ? type.nodeName : undefined;
}

function describeContent(item: Y.Item): readonly unknown[] {
  const { content } = item;
  if (content instanceof Y.ContentType) return [describeType(content.type as AnyType)];
  if (content instanceof Y.ContentFormat) return [{ format: content.key, value: content.value }];
  if (content instanceof Y.ContentEmbed) return [{ embed: content.embed }];
  return content.getContent();
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `bigint ${value}`;
  if (value instanceof Uint8Array) return `bytes ${value.join()}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `number ${value}`;
  return value === undefined ? 'undefined' : value;
}
