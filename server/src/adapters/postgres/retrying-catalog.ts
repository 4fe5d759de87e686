import type { Clock } from '../../ports/clock.ts';
import type { DocumentCatalog } from '../../ports/document-catalog.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** A catalog whose changes are made again when they lost against others: two renames may wait for one another's names. */
export function retryCatalogConflicts(catalog: DocumentCatalog, clock: Clock): DocumentCatalog {
  return {
    ...catalog,
    create: (...change) => retryConflicts(clock, () => catalog.create(...change)),
    createWith: (...change) => retryConflicts(clock, () => catalog.createWith(...change)),
    rename: (...change) => retryConflicts(clock, () => catalog.rename(...change)),
    describe: (...change) => retryConflicts(clock, () => catalog.describe(...change)),
    remove: (...change) => retryConflicts(clock, () => catalog.remove(...change)),
  };
}
