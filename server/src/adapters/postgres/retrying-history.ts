import type { Clock } from '../../ports/clock.ts';
import type { StoredHistory } from '../sql/stored-history.ts';
import { retryConflicts } from './retry-conflicts.ts';

/**
 * The past of documents, whose changes are made again when they lost against others: whoever sweeps takes keys of many
 * documents, in the order in which they end, while each document's own changes name and release some of them.
 */
export function retryHistoryConflicts(stored: StoredHistory, clock: Clock): StoredHistory {
  const { snapshotIndex, history, register, upkeep, versions, publications } = stored;
  return {
    ...stored,
    snapshotIndex: {
      ...snapshotIndex,
      publish: (...change) => retryConflicts(clock, () => snapshotIndex.publish(...change)),
      retire: (...change) => retryConflicts(clock, () => snapshotIndex.retire(...change)),
    },
    history: {
      ...history,
      publish: (...change) => retryConflicts(clock, () => history.publish(...change)),
    },
    register: {
      ...register,
      takeExpired: (...change) => retryConflicts(clock, () => register.takeExpired(...change)),
      take: (...change) => retryConflicts(clock, () => register.take(...change)),
      forget: (...change) => retryConflicts(clock, () => register.forget(...change)),
    },
    upkeep: {
      ...upkeep,
      purge: (...change) => retryConflicts(clock, () => upkeep.purge(...change)),
    },
    versions: {
      ...versions,
      add: (...change) => retryConflicts(clock, () => versions.add(...change)),
      addAutomatic: (...change) => retryConflicts(clock, () => versions.addAutomatic(...change)),
      relabel: (...change) => retryConflicts(clock, () => versions.relabel(...change)),
      remove: (...change) => retryConflicts(clock, () => versions.remove(...change)),
    },
    publications: {
      ...publications,
      publish: (...change) => retryConflicts(clock, () => publications.publish(...change)),
      withdraw: (...change) => retryConflicts(clock, () => publications.withdraw(...change)),
    },
  };
}
