import type { Tenant } from '@scriptorium/shared/document-name';
import type { NotedIntent } from './request-ledger.ts';
import type { Identity } from './token-verifier.ts';

/** What a job is for: changes of many documents, which whoever asked for them can follow, or the erasure of a person. */
export type JobKind = 'changes' | 'person-erasure';

/** Work that goes on after its request was answered. Times are wall-clock milliseconds. */
export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly tenant: Tenant;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** Whether a node is at work at it. */
  readonly isClaimed: boolean;
  readonly items: readonly JobItem[];
}

/** One part of a job. */
export interface JobItem {
  readonly place: number;
  /** As it was asked for: JSON; empty once it is known what became of it. */
  readonly request: string;
  /** What an attempt at it was about to do. */
  readonly intent: Uint8Array | null;
  /** What became of it: JSON; `null` until that is known. */
  readonly outcome: string | null;
}

export interface NewJob {
  readonly id: string;
  readonly kind: JobKind;
  /** Who asked for it. */
  readonly identity: Identity;
  readonly requests: readonly string[];
  readonly at: number;
  /** When it is forgotten, done or not. */
  readonly expiresAt: number;
}

/** A job that is the caller's to do. */
export interface ClaimedJob extends Job {
  readonly identity: Identity;
}

/** How a claim ends. */
export type JobEnd =
  | { readonly kind: 'finished'; readonly at: number }
  | { readonly kind: 'left'; readonly until: number };

/** The right to work at a job, until another node may take over. */
export interface JobClaim {
  readonly id: string;
  /** Random name of the attempt. */
  readonly claim: string;
}

/**
 * Jobs, which survive the node that took them. One node at a time is at work at a job; whoever was overtaken can note
 * nothing any more. Throws `storage-unavailable` when the engine does not answer.
 */
export interface JobStore {
  create(job: NewJob): Promise<void>;
  /** Changes of the tenant, asked for by the user; `null` when there are none. */
  read(tenant: Tenant, user: string, id: string, now: number): Promise<Job | null>;
  /** The oldest job that is to be done and that nobody is at work at; `null` when there is none. */
  claim(by: { readonly claim: string; readonly at: number; readonly until: number }): Promise<ClaimedJob | null>;
  /** Goes on for longer; false when the job is no longer the caller's. */
  renew(own: JobClaim, until: number): Promise<boolean>;
  /** Notes what is about to be done; false when the job is no longer the caller's. */
  intend(own: JobClaim, place: number, intent: NotedIntent): Promise<boolean>;
  /** Notes what became of a part, and lets go of what was asked for; false when the job is no longer the caller's. */
  settle(own: JobClaim, place: number, outcome: string): Promise<boolean>;
  /** Ends the claim: the job is finished, or somebody may go on with it from a moment on. */
  release(own: JobClaim, as: JobEnd): Promise<void>;
  /** Forgets jobs whose time is over. */
  expire(now: number): Promise<void>;
}
