import { ScriptoriumError } from '../../core/errors.ts';
import type { SearchIndex } from '../../ports/search-index.ts';

/** An index that is searched, and one of the node's own that is searched while the first does not answer. */
export function fallBackSearch(
  first: Pick<SearchIndex, 'search'>,
  other: Pick<SearchIndex, 'search'>,
): Pick<SearchIndex, 'search'> {
  return {
    search: async (request) => {
      try {
        return await first.search(request);
      } catch (error) {
        if (error instanceof ScriptoriumError && error.code === 'search-unavailable') return other.search(request);
        throw error;
      }
    },
  };
}
