import type { DocumentName } from '@scriptorium/shared/document-name';
import { includesRole, type Role } from '@scriptorium/shared/roles';
import { decide, roleFor, type Rights } from './permissions.ts';

/** What a session has of the others in its document: whether it sees them, and whether they see it. */
export interface PresenceRights {
  readonly sees: boolean;
  readonly shows: boolean;
}

/** Least roles that see who is here, and whom others see; the table of actions must allow it too. */
export interface PresencePolicy {
  readonly seeRole: Role;
  readonly showRole: Role;
}

/** What somebody with these rights has of the others in a document. */
export function presenceFor(rights: Rights, name: DocumentName, policy: PresencePolicy): PresenceRights {
  const role = roleFor(rights, name);
  const may = (action: 'see-presence' | 'show-cursor', least: Role): boolean =>
    decide(rights, name, action).kind === 'allowed' && includesRole(role, least);
  return { sees: may('see-presence', policy.seeRole), shows: may('show-cursor', policy.showRole) };
}
