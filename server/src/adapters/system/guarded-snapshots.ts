import { BrokenCircuitError, circuitBreaker, CountBreaker, handleWhen } from 'cockatiel';
import { CIRCUIT } from '../../core/circuit-values.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import type { Logger } from '../../ports/telemetry.ts';

export interface GuardedSnapshotsDeps {
  readonly store: SnapshotStore;
  readonly log: Logger;
  /** Milliseconds for which nothing is asked; tests make it short. */
  readonly openFor?: number;
}

/**
 * A store of objects that is spared while it fails: calls are answered with `storage-unavailable` at once instead of after
 * their deadline, so that nobody who opens a document waits for a store that is known to be away. Each call tries again
 * by itself before it counts as failed; an object that is missing is no failure.
 */
export function guardSnapshots({ store, log, openFor = CIRCUIT.openFor }: GuardedSnapshotsDeps): SnapshotStore {
  const circuit = circuitBreaker(
    handleWhen((error) => error instanceof ScriptoriumError && error.code === 'storage-unavailable'),
    { breaker: new CountBreaker(CIRCUIT.breaker), halfOpenAfter: openFor, halfOpenSampling: CIRCUIT.halfOpen },
  );
  circuit.onBreak(() => log.warn('object_store_spared', { milliseconds: openFor }));
  circuit.onReset(() => log.info('object_store_back'));
  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await circuit.execute(call);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new ScriptoriumError('storage-unavailable', 'the object store is away', { cause: error });
    }
  };
  return {
    put: (key, bytes) => guard(() => store.put(key, bytes)),
    get: (key) => guard(() => store.get(key)),
    remove: (key) => guard(() => store.remove(key)),
  };
}
