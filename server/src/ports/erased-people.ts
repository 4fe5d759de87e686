import type { Tenant } from '@scriptorium/shared/document-name';
import type { ErasedContent } from '@scriptorium/shared/erasure-schemas';
import type { ErasureProgress } from '../core/erasure-plan.ts';
import type { Act } from './audit-log.ts';

/** Somebody who was erased. Who that was, only whoever knows the id can tell. Times are wall-clock milliseconds. */
export interface ErasedPerson {
  readonly tenant: Tenant;
  /** What stands in the place of the id from then on: `erased:` and random digits, which no token may claim. */
  readonly pseudonym: string;
  readonly erasedAt: number;
  /** `null` while something may be left. */
  readonly finishedAt: number | null;
  /** The newest record of it (`ErasureRecord`). */
  readonly recordId: string;
}

/** How somebody was called in the past. */
export interface PastName {
  readonly pseudonym: string;
  /** What is older than this is told under the pseudonym; infinite as long as they stay erased. */
  readonly until: number;
}

export interface ErasureOrder extends Act {
  readonly tenant: Tenant;
  /** Used unless there is one already. */
  readonly pseudonym: string;
  readonly recordId: string;
  readonly jobId: string;
  readonly content: ErasedContent;
  /** Where it begins. */
  readonly progress: ErasureProgress;
  /** When the job is forgotten, done or not. */
  readonly expiresAt: number;
}

export type Readmission =
  | { readonly kind: 'readmitted'; readonly revision: number }
  /** The erasure is under way: it would erase what they do from now on. */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'absent' };

/**
 * Who was erased, per tenant. The store keeps a keyed hash of each id and never the id; what it answers about an id it finds
 * by hashing it again. Throws `ScriptoriumError('storage-unavailable')` when the engine does not answer.
 */
export interface ErasedPeople {
  /**
   * From its commit on the user is nobody: their grants and the keys that they made are gone, `readStanding` says that
   * they are erased, and the list of changes has an entry that tells nodes so without naming them. The record, the job and
   * the row of the audit log, which bears the pseudonym, commit with it. Somebody who was erased before is erased again under
   * the same pseudonym; where that is under way still, nothing is changed and `revision` is `null`.
   */
  begin(
    user: string,
    order: ErasureOrder,
  ): Promise<{ readonly person: ErasedPerson; readonly revision: number | null }>;
  /** The erasure that is in force; `null` for whoever was not erased, or was readmitted. */
  find(tenant: Tenant, user: string): Promise<ErasedPerson | null>;
  /** Of these users, how those were called who were ever erased, the oldest name first. */
  readNames(tenant: Tenant, users: readonly string[]): Promise<ReadonlyMap<string, readonly PastName[]>>;
  /** Lets somebody in again, who begins anew: tokens from before the erasure stay void, and the pseudonym stays where it is. */
  readmit(tenant: Tenant, user: string, act: Act): Promise<Readmission>;
}
