import type { Clock } from '../../ports/clock.ts';
import type { StoredEvents } from '../sql/stored-events.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** Events and deliveries whose changes are made again when they lost against others. */
export function retryEventConflicts(
  { outbox, webhooks, deliveries, erasures, people, erasedPeople, personErasures }: StoredEvents,
  clock: Clock,
): StoredEvents {
  return {
    outbox: {
      ...outbox,
      record: (...change) => retryConflicts(clock, () => outbox.record(...change)),
      announceChange: (...change) => retryConflicts(clock, () => outbox.announceChange(...change)),
    },
    webhooks: {
      ...webhooks,
      add: (...change) => retryConflicts(clock, () => webhooks.add(...change)),
      change: (...change) => retryConflicts(clock, () => webhooks.change(...change)),
      rotate: (...change) => retryConflicts(clock, () => webhooks.rotate(...change)),
      remove: (...change) => retryConflicts(clock, () => webhooks.remove(...change)),
    },
    deliveries: {
      ...deliveries,
      settle: (...change) => retryConflicts(clock, () => deliveries.settle(...change)),
      replay: (...change) => retryConflicts(clock, () => deliveries.replay(...change)),
    },
    erasures: {
      ...erasures,
      begin: (...erasure) => retryConflicts(clock, () => erasures.begin(...erasure)),
      erasePart: (...part) => retryConflicts(clock, () => erasures.erasePart(...part)),
      note: (...noted) => retryConflicts(clock, () => erasures.note(...noted)),
    },
    people,
    erasedPeople: {
      ...erasedPeople,
      begin: (...erasure) => retryConflicts(clock, () => erasedPeople.begin(...erasure)),
      readmit: (...person) => retryConflicts(clock, () => erasedPeople.readmit(...person)),
    },
    personErasures: {
      ...personErasures,
      forgetColumns: (...order) => retryConflicts(clock, () => personErasures.forgetColumns(...order)),
      note: (...noted) => retryConflicts(clock, () => personErasures.note(...noted)),
      finish: (...end) => retryConflicts(clock, () => personErasures.finish(...end)),
    },
  };
}
