import type { Kysely } from 'kysely';
import type { AccessWatch } from '../../src/access/access-watch.ts';
import { createDocumentDirectory } from '../../src/adapters/sql/document-directory.ts';
import type { Schema } from '../../src/adapters/sql/schema.ts';
import type { SearchParts } from '../../src/api/api-deps.ts';

/** An index that finds nothing. */
export const NOTHING_FOUND: Pick<SearchParts, 'index'> = {
  index: { search: () => Promise.resolve({ hits: [], nextOffset: null }) },
};

/** What search stands on besides its index, which is never rebuilt here. */
export function createSearchParts(database: Kysely<Schema>, watch: AccessWatch): Omit<SearchParts, 'index'> {
  const idle = { state: 'idle' } as const;
  return {
    directory: createDocumentDirectory({ database }),
    freshen: () => watch.look(),
    wake: () => Promise.resolve(),
    rebuilds: { start: () => idle, status: () => idle },
  };
}
