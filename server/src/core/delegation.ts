import { WHOLE_TENANT } from '@scriptorium/shared/grant-resource';
import { includesRole, roleAllows, type Ability, type Role } from '@scriptorium/shared/roles';
import { decideForTenant, roleOver, tenantRole, type Decision, type Rights } from './permissions.ts';

/**
 * Whether the caller may give (or take) a role on a name or pattern: `share` on all of it, and no more than is held
 * there. An admin always may, since somebody has to be able to mend what was set wrongly. `admin` is tenant-wide only.
 */
export function decideGrant(rights: Rights, resource: string, role: Role): Decision {
  const general = tenantRole(rights);
  if (general === 'admin') {
    return { kind: role !== 'admin' || resource === WHOLE_TENANT ? 'allowed' : 'denied', role: general };
  }
  const held = roleOver(rights, resource);
  return { kind: roleAllows(held, 'share') && includesRole(held, role) ? 'allowed' : 'denied', role: held };
}

/** What a machine's key is to be able to do. */
export interface Delegation {
  readonly role: Role;
  readonly documents: ReadonlyMap<string, Role>;
  readonly abilities: readonly Ability[];
}

/**
 * What of a delegation is more than the caller holds, in words; `null` when nothing is. A tenant-wide role needs as much
 * on every document there is or can be.
 */
export function findExcess(rights: Rights, { role, documents, abilities }: Delegation): string | null {
  const general = tenantRole(rights);
  const held = general === 'admin' ? general : roleOver(rights, WHOLE_TENANT);
  if (!includesRole(held, role)) return `the role "${role}"`;
  for (const [resource, wanted] of documents) {
    if (!includesRole(roleOver(rights, resource), wanted)) return `the role "${wanted}" on "${resource}"`;
  }
  const ability = abilities.find((wanted) => decideForTenant(rights, wanted).kind === 'denied');
  return ability === undefined ? null : `the ability "${ability}"`;
}
