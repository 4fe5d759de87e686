import type { Tenant } from '@scriptorium/shared/document-name';
import type { DocumentId } from './update-log.ts';

/** Whose request it is, and by which key they know it. */
export interface RequestKey {
  readonly tenant: Tenant;
  readonly user: string;
  readonly key: string;
}

/** What an attempt is about to do. */
export interface NotedIntent {
  /** The document whose content is in it, which an erasure of that document takes out; `null` where it holds none. */
  readonly documentId: DocumentId | null;
  readonly bytes: Uint8Array;
}

/** An attempt at a request. Times are wall-clock milliseconds. */
export interface RequestClaim {
  /** Random name of the attempt. */
  readonly claim: string;
  /** Hash of what the request asks for. */
  readonly fingerprint: string;
  readonly at: number;
  /** Until when other attempts leave this one alone. */
  readonly until: number;
  /** When the key is forgotten. */
  readonly expiresAt: number;
}

export type ClaimOutcome =
  /**
   * The attempt is the caller's. `createdAt` is when the first one began; where it is `resumed`, that one ended without an
   * answer, and may have left the `intent` behind that it was about to carry out.
   */
  | {
      readonly kind: 'claimed';
      readonly createdAt: number;
      readonly resumed: boolean;
      readonly intent: Uint8Array | null;
    }
  | { readonly kind: 'answered'; readonly answer: string }
  | { readonly kind: 'in-progress' }
  /** The key stands for another request. */
  | { readonly kind: 'reused' };

/**
 * Requests that their senders may repeat. Of any number of attempts at one key, on whichever nodes, one is at work; it
 * notes what it is about to do before it does it, and whoever goes on after it does the same and nothing else.
 * Throws `storage-unavailable` when the engine does not answer.
 */
export interface RequestLedger {
  claim(key: RequestKey, claim: RequestClaim): Promise<ClaimOutcome>;
  /** Notes what the attempt is about to do; false when the attempt is no longer the caller's. */
  intend(key: RequestKey, claim: string, intent: NotedIntent): Promise<boolean>;
  /** Keeps the answer, and lets go of the intent. */
  answer(key: RequestKey, claim: string, answer: string): Promise<void>;
  /** Ends an attempt without an answer: the next one may begin at once, with the intent where that is kept. */
  release(key: RequestKey, claim: string, intent: 'kept' | 'dropped'): Promise<void>;
  /** Forgets keys whose time is over. */
  expire(now: number): Promise<void>;
}
