import type { Tenant } from '@scriptorium/shared/document-name';
import type { GrantSubject } from '@scriptorium/shared/grant-subject';

/** Whom a change was about: somebody who holds grants, a machine's key, or somebody erased. */
export type ChangedSubject = GrantSubject | { readonly kind: 'key'; readonly id: string } | HiddenPerson;

/**
 * Somebody who was erased, or is let in again, and whom the list must not name: the HMAC-SHA256 of their id under a key made
 * for this one entry, both hex. Whoever knows the id can tell that it is meant.
 */
export interface HiddenPerson {
  readonly kind: 'person';
  readonly key: string;
  readonly digest: string;
}

export interface AccessChange {
  readonly revision: number;
  readonly tenant: Tenant;
  readonly subject: ChangedSubject;
}

export type AccessChanges =
  /** Exactly the changes above the revision that was asked about, up to `revision`, in order. */
  | { readonly kind: 'changes'; readonly revision: number; readonly changes: readonly AccessChange[] }
  /** They are no longer kept (the last thousands are), or the numbers went back: anything may have changed. */
  | { readonly kind: 'lost'; readonly revision: number };

/**
 * What changed about grants and keys, of all tenants: one number that rises by one with each change, in the order of
 * commits and without gaps, so that a node that has seen everything up to a revision misses nothing by asking for
 * what is above it.
 */
export interface AccessChangeLog {
  /** The newest revision; cheap enough to be asked twice a second by every node. */
  readRevision(): Promise<number>;
  /** At most `limit` changes above a revision; what follows them is the next call's. */
  readChangesSince(revision: number, limit: number): Promise<AccessChanges>;
}
