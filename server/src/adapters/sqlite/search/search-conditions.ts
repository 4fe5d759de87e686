import type { SearchRequest } from '../../../ports/search-index.ts';

/** A piece of SQL with the values for its question marks. */
interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What a request rules out besides the words, as conditions on the entry `e`. */
export function filterOf({ names, exceptNames, filter }: SearchRequest): Condition {
  const conditions: Condition[] = [];
  if (names !== null) conditions.push(anyName(names));
  if (exceptNames.length > 0) conditions.push(noneOf(anyName(exceptNames)));
  if (filter.authors.length > 0) conditions.push(anyOf('e.authors', filter.authors));
  for (const tag of filter.tags) conditions.push(anyOf('e.tags', [tag]));
  if (filter.updatedFrom !== null) conditions.push({ sql: 'e.updated_at >= ?', parameters: [filter.updatedFrom] });
  if (filter.updatedBefore !== null) conditions.push({ sql: 'e.updated_at < ?', parameters: [filter.updatedBefore] });
  return {
    sql: conditions.map(({ sql }) => `and (${sql})`).join(' '),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

export function orderOf(sort: SearchRequest['sort'], rank: string | null): string {
  switch (sort) {
    case 'name':
      return 'e.name';
    case 'updated':
      return 'e.updated_at desc, e.document_id';
    case 'relevance':
      return rank === null ? 'e.updated_at desc, e.document_id' : `${rank}, e.document_id`;
  }
}

/** Above every character that a name may hold, so it ends the range of names with a prefix. */
const AFTER_NAMES = '\u007f';

function anyName(names: readonly string[]): Condition {
  if (names.length === 0) return { sql: '0', parameters: [] };
  const parts = names.map((name): Condition => {
    if (!name.endsWith('*')) return { sql: 'e.name = ?', parameters: [name] };
    const prefix = name.slice(0, -1);
    return { sql: 'e.name >= ? and e.name < ?', parameters: [prefix, prefix + AFTER_NAMES] };
  });
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(' or '),
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

function noneOf({ sql, parameters }: Condition): Condition {
  return { sql: `not (${sql})`, parameters };
}

function anyOf(column: string, values: readonly string[]): Condition {
  const marks = values.map(() => '?').join(', ');
  return {
    sql: `exists (select 1 from json_each(${column}) where value in (${marks}))`,
    parameters: values,
  };
}
