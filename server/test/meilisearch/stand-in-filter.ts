import type { IndexDocument } from '../../src/adapters/meilisearch/index-document.ts';

/** The part of Meilisearch's filter language that the adapter writes; anything else is an error, as it would be there. */
export function passesFilter(document: IndexDocument, filter: (string | string[])[] | string | undefined): boolean {
  if (filter === undefined) return true;
  const all = typeof filter === 'string' ? [filter] : filter;
  return all.every((part) =>
    typeof part === 'string' ? passesOne(document, part) : part.some((one) => passesOne(document, one)),
  );
}

function passesOne(document: IndexDocument, text: string): boolean {
  if (text.startsWith('NOT ')) return !passesOne(document, text.slice('NOT '.length));
  const [, field = '', operator = '', operand = ''] = /^(\w+) (=|>=|<|IN) (.*)$/s.exec(text) ?? [];
  if (field === '' || !Object.hasOwn(document, field)) throw new Error(`not a filter: ${text}`);
  const value: unknown = Reflect.get(document, field);
  const held = (Array.isArray(value) ? value : [value]) as readonly unknown[];
  switch (operator) {
    case '=':
      return held.includes(JSON.parse(operand));
    case '>=':
      return Number(value) >= Number(operand);
    case '<':
      return Number(value) < Number(operand);
    case 'IN':
      return (JSON.parse(operand) as readonly unknown[]).some((one) => held.includes(one));
    default:
      throw new Error(`not a filter: ${text}`);
  }
}
