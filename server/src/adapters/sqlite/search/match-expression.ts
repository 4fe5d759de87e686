import { createHash } from 'node:crypto';
import type { SearchQuery, Term } from '@scriptorium/shared/search-query';

/** The word that stands for a tenant in the index: no tenant is a part of another's word. */
export function scopeWord(tenant: string): string {
  return `t${createHash('sha256').update(tenant).digest('hex').slice(0, 24)}`;
}

/**
 * The query in FTS5's language, all words quoted, so that nothing in them is read as an operator; `null` when it asks
 * for nothing. `variants` are words that may stand for a term, by the term's index.
 */
export function toMatchExpression(
  query: SearchQuery,
  tenant: string,
  variants: ReadonlyMap<number, readonly string[]> = new Map(),
): string | null {
  if (query.terms.length === 0) return null;
  const wanted = query.terms.map((term, index) => {
    const words = [toPhrase(term), ...(variants.get(index) ?? []).map(quote)];
    return words.length === 1 ? words[0] : `(${words.join(' OR ')})`;
  });
  const content = `{title headings body} : (${wanted.join(' AND ')})`;
  const within = `scope : ${quote(scopeWord(tenant))} AND (${content})`;
  if (query.without.length === 0) return within;
  return `(${within}) NOT ({title headings body} : (${query.without.map(toPhrase).join(' OR ')}))`;
}

function toPhrase(term: Term): string {
  if (term.kind === 'word') return term.prefix ? `${quote(term.word)} *` : quote(term.word);
  return quote(term.words.join(' '));
}

/** Folded words hold letters and digits only; doubling quotes is for whoever calls this with something else. */
function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
