import type { Tenant } from '@scriptorium/shared/document-name';
import type { GrantResource } from '@scriptorium/shared/grant-resource';
import type { GrantSubject } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';
import type { Act } from './audit-log.ts';

/** A role that somebody was given on a document, a prefix or the whole tenant. Times are wall-clock milliseconds. */
export interface StoredGrant {
  readonly subject: GrantSubject;
  readonly resource: GrantResource;
  readonly role: Role;
  /** `null`: without end. */
  readonly expiresAt: number | null;
  readonly createdAt: number;
  /** The user who gave it. */
  readonly createdBy: string;
}

/** What the store says about one user and the other subjects that act with it. */
export interface StoredStanding {
  /** Everything up to this revision is in the answer; later changes may be as well. */
  readonly revision: number;
  /** Tokens issued up to then are worth nothing; 0 when no access was taken away. */
  readonly tokensVoidUntil: number;
  /** Whether the user was erased: then nothing that speaks for them is worth anything. */
  readonly isErased: boolean;
  readonly grants: readonly StoredGrant[];
}

export interface GrantQuery {
  readonly tenant: Tenant;
  readonly resource: GrantResource | null;
  readonly subject: GrantSubject | null;
  /** Opaque position of the page before, or `null` at the beginning. */
  readonly cursor: string | null;
  /** 1 to 100. */
  readonly limit: number;
}

export interface GrantPage {
  readonly grants: readonly StoredGrant[];
  readonly nextCursor: string | null;
}

/**
 * Stored grants. Every call but `findLink` is bound to one tenant; of one subject on one resource there is one grant
 * at most. Every change, its row of the audit log and its entry in the list of changes (`access-changes.ts`) commit together, and each has the
 * revision that it returns. A document's own grants go along when it is renamed and end when it is deleted, in the
 * catalog's transaction. Throws `storage-unavailable` when the engine does not answer, and `bad-request` for a cursor
 * that is none, and for a change about somebody who was erased: it would name them again.
 */
export interface GrantStore {
  /** Gives a role, in the place of what the subject had on the resource. */
  set(tenant: Tenant, grant: StoredGrant): Promise<number>;
  /** Makes a link: a grant whose subject is the link, and the hash of the secret that opens it. */
  addLink(tenant: Tenant, grant: StoredGrant, secretHash: string): Promise<number>;
  /** Takes a role back, and with a link's the link; `null` when there was none. */
  revoke(tenant: Tenant, subject: GrantSubject, resource: GrantResource, act: Act): Promise<number | null>;
  /** Takes everything back that the user was given, and voids the tokens that were issued up to the time of the act. */
  revokeUser(tenant: Tenant, user: string, act: Act): Promise<number>;
  /** By resource, then subject; the cursor stays valid while grants come and go. Expired ones are listed too. */
  list(query: GrantQuery): Promise<GrantPage>;
  /** Everything about these subjects, expired grants included; `user` is the one whose tokens may be void. */
  readStanding(tenant: Tenant, user: string, subjects: readonly GrantSubject[]): Promise<StoredStanding>;
  /** The tenant a link belongs to and the hash of its secret; `null` for an unknown one. */
  findLink(id: string): Promise<{ readonly tenant: Tenant; readonly secretHash: string } | null>;
}
