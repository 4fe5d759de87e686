import { createHash } from 'node:crypto';
import type { SearchBody } from '@scriptorium/shared/search-schemas';
import { ScriptoriumError } from '../../core/errors.ts';

type Question = Pick<SearchBody, 'q' | 'filter' | 'sort'>;

/**
 * A place in the answer to a question: how many hits were shown before it. It counts only what was shown, so it tells
 * nothing of documents in between that one may not read.
 */
export function formatSearchCursor(question: Question, shown: number): string {
  return Buffer.from(`${shown} ${fingerprint(question)}`, 'utf8').toString('base64url');
}

/** Hits shown before; throws `bad-request` for what is no cursor of this question. */
export function parseSearchCursor(question: Question, cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const [shown = '', print] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (!/^\d{1,6}$/.test(shown) || print !== fingerprint(question))
    throw new ScriptoriumError('bad-request', 'the cursor is not one of this search');
  return Number(shown);
}

function fingerprint({ q, filter, sort }: Question): string {
  return createHash('sha256')
    .update(JSON.stringify([q, filter ?? {}, sort]))
    .digest('base64url')
    .slice(0, 12);
}
