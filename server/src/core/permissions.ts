import type { DocumentName } from '@scriptorium/shared/document-name';
import { coversResource, WHOLE_TENANT } from '@scriptorium/shared/grant-resource';
import { includesRole, roleAllows, type Ability, type Action, type Role } from '@scriptorium/shared/roles';

/** Name, or prefix with a `*` behind it, to role: what one holder was given. Within it the most specific entry counts. */
export type RoleMap = ReadonlyMap<string, Role>;

/** What a token grants by itself. */
export interface TokenGrants {
  /** Tenant-wide role. */
  readonly role: Role;
  readonly documents: RoleMap;
}

/** Everything that grants or denies something to one caller, at one moment. */
export interface Rights extends TokenGrants {
  /** What the store adds: a map for the person, one for each group, one for each link that was shown. */
  readonly granted: readonly RoleMap[];
  /** What a machine's key may do for the tenant besides its role. */
  readonly abilities: readonly Ability[];
}

export type Decision =
  | { readonly kind: 'allowed'; readonly role: Role }
  | { readonly kind: 'denied'; readonly role: Role };

/**
 * The role on one document. In each map an exact name beats the longest matching pattern; in the token that beats the
 * tenant-wide role. Of what the maps say the highest counts, except that a `none` in any of them denies. A pattern is
 * taken for the beginning of a name that no entry names more closely.
 */
export function roleFor(rights: Rights, resource: string): Role {
  const own = roleIn(rights.documents, resource);
  if (own === 'none') return 'none';
  return raise(own ?? rights.role, rights.granted, (map) => roleIn(map, resource));
}

/** Whether the rights allow an action on a document; whether the document exists plays no part, so an answer tells nothing about it. */
export function decide(rights: Rights, name: DocumentName, action: Action): Decision {
  const role = roleFor(rights, name);
  return { kind: roleAllows(role, action) ? 'allowed' : 'denied', role };
}

/** Whether the rights allow an action that is about the tenant and no document. */
export function decideForTenant(rights: Rights, ability: Ability): Decision {
  const role = tenantRole(rights);
  const allowed = roleAllows(role, ability) || rights.abilities.includes(ability);
  return { kind: allowed ? 'allowed' : 'denied', role };
}

/** The tenant-wide role: that of the token or of a grant on `*`, unless one of those is `none`. */
export function tenantRole(rights: Rights): Role {
  return raise(rights.role, rights.granted, (map) => map.get(WHOLE_TENANT));
}

/** The least role that the caller has on anything that a name or pattern covers. */
export function roleOver(rights: Rights, resource: string): Role {
  let least = roleFor(rights, resource);
  if (!resource.endsWith('*')) return least;
  for (const map of [rights.documents, ...rights.granted]) {
    for (const key of map.keys()) {
      if (coversResource(resource, key)) least = lowerOf(least, roleFor(rights, key));
    }
  }
  return least;
}

function raise(own: Role, maps: readonly RoleMap[], read: (map: RoleMap) => Role | undefined): Role {
  let highest = own;
  for (const map of maps) {
    const role = read(map);
    if (role === 'none') return 'none';
    if (role !== undefined && includesRole(role, highest)) highest = role;
  }
  return highest;
}

/** What a map says of a name or pattern: its own entry, else that of the longest pattern around it. */
function roleIn(map: RoleMap, resource: string): Role | undefined {
  if (map.size === 0) return undefined;
  const exact = map.get(resource);
  if (exact !== undefined) return exact;
  const stem = resource.endsWith('*') ? resource.slice(0, -1) : resource;
  for (let length = stem.length; length >= 0; length -= 1) {
    const role = map.get(`${stem.slice(0, length)}*`);
    if (role !== undefined) return role;
  }
  return undefined;
}

function lowerOf(one: Role, other: Role): Role {
  return includesRole(one, other) ? other : one;
}
