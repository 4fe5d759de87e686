import type { DocumentName } from '@scriptorium/shared/document-name';
import { roleAllows, type Action, type Role } from '@scriptorium/shared/roles';

/** The part of an identity that grants something. */
export interface Grants {
  /** Tenant-wide role. */
  readonly role: Role;
  /** Name, or prefix with a `*` behind it, to role. */
  readonly documents: ReadonlyMap<string, Role>;
}

export type Decision =
  | { readonly kind: 'allowed'; readonly role: Role }
  | { readonly kind: 'denied'; readonly role: Role };

/** The role on one document: an exact name beats the longest matching pattern, which beats the tenant-wide role. */
export function roleFor(grants: Grants, name: DocumentName): Role {
  const exact = grants.documents.get(name);
  if (exact !== undefined) return exact;
  if (grants.documents.size === 0) return grants.role;
  for (let length = name.length; length >= 0; length -= 1) {
    const role = grants.documents.get(`${name.slice(0, length)}*`);
    if (role !== undefined) return role;
  }
  return grants.role;
}

/** Whether the grants allow an action on a document; whether the document exists plays no part, so an answer tells nothing about it. */
export function decide(grants: Grants, name: DocumentName, action: Action): Decision {
  const role = roleFor(grants, name);
  return { kind: roleAllows(role, action) ? 'allowed' : 'denied', role };
}
