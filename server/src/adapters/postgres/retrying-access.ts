import type { ApiKeyStore } from '../../ports/api-key-store.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
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

/** An audit log whose appends are made again when they lost against others. */
export function retryAuditConflicts(audit: AuditLog, clock: Clock): AuditLog {
  return {
    ...audit,
    append: (...change) => retryConflicts(clock, () => audit.append(...change)),
    noteExport: (...change) => retryConflicts(clock, () => audit.noteExport(...change)),
    prune: (...change) => retryConflicts(clock, () => audit.prune(...change)),
  };
}

/** Machines' keys whose changes are made again when they lost against others. */
export function retryKeyConflicts(keys: ApiKeyStore, clock: Clock): ApiKeyStore {
  return {
    ...keys,
    add: (...change) => retryConflicts(clock, () => keys.add(...change)),
    noteUse: (...change) => retryConflicts(clock, () => keys.noteUse(...change)),
    rotate: (...change) => retryConflicts(clock, () => keys.rotate(...change)),
    revoke: (...change) => retryConflicts(clock, () => keys.revoke(...change)),
  };
}
