import type { AuthorshipStore } from '../../ports/authorship-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** Changes of who wrote what, which are made again when they lost against appends, archivers and sweepers. */
export function retryAuthorshipConflicts(store: AuthorshipStore, clock: Clock): AuthorshipStore {
  return {
    ...store,
    replaceSetAside: (...change) => retryConflicts(clock, () => store.replaceSetAside(...change)),
    rebind: (...change) => retryConflicts(clock, () => store.rebind(...change)),
    replace: (...change) => retryConflicts(clock, () => store.replace(...change)),
  };
}
