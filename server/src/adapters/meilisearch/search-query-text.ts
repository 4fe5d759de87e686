import type { SearchQuery, Term } from '@scriptorium/shared/search-query';
import type { SearchRequest } from '../../ports/search-index.ts';

/** The query in Meilisearch's language, which has phrases in quotes and exclusions too. */
export function toQueryText({ terms, without }: SearchQuery): string {
  return [...terms.map(toText), ...without.map((term) => `-${toText(term)}`)].join(' ');
}

function toText(term: Term): string {
  return term.kind === 'word' ? term.word : `"${term.words.join(' ')}"`;
}

/** A filter: all of the outer list, any of an inner one. */
export type Filter = (string | string[])[];

/** What a request rules out besides the words; the tenant always. */
export function toFilter({ tenant, names, exceptNames, filter }: SearchRequest): Filter {
  const conditions: Filter = [`tenant = ${quote(tenant)}`];
  if (names !== null) conditions.push(toNames(names));
  conditions.push(...toNames(exceptNames).map((condition) => `NOT ${condition}`));
  if (filter.authors.length > 0) conditions.push(`authors IN ${list(filter.authors)}`);
  for (const tag of filter.tags) conditions.push(`tags = ${quote(tag)}`);
  if (filter.updatedFrom !== null) conditions.push(`updatedAt >= ${filter.updatedFrom}`);
  if (filter.updatedBefore !== null) conditions.push(`updatedAt < ${filter.updatedBefore}`);
  return conditions;
}

function toNames(names: readonly string[]): string[] {
  const exact = names.filter((name) => !name.endsWith('*'));
  const prefixes = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  return [
    ...(exact.length > 0 ? [`name IN ${list(exact)}`] : []),
    ...(prefixes.length > 0 ? [`prefixes IN ${list(prefixes)}`] : []),
  ];
}

function list(values: readonly string[]): string {
  return `[${values.map(quote).join(', ')}]`;
}

/** Authors and tags are free text, so quotes in them must not end the value. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
