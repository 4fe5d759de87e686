import type { ApiKeyStore } from '../../ports/api-key-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GrantStore } from '../../ports/grant-store.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** Stored grants whose changes are made again when they lost against others. */
export function retryGrantConflicts(grants: GrantStore, clock: Clock): GrantStore {
  return {
    ...grants,
    set: (...change) => retryConflicts(clock, () => grants.set(...change)),
    addLink: (...change) => retryConflicts(clock, () => grants.addLink(...change)),
    revoke: (...change) => retryConflicts(clock, () => grants.revoke(...change)),
    revokeUser: (...change) => retryConflicts(clock, () => grants.revokeUser(...change)),
  };
}

/** Machines' keys whose changes are made again when they lost against others. */
export function retryKeyConflicts(keys: ApiKeyStore, clock: Clock): ApiKeyStore {
  return {
    ...keys,
    rotate: (...change) => retryConflicts(clock, () => keys.rotate(...change)),
    revoke: (...change) => retryConflicts(clock, () => keys.revoke(...change)),
  };
}
