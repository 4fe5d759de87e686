import { backoffDelay } from './backoff.ts';

/** What one attempt to deliver came to. */
export type DeliveryOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'failed' }
  | { readonly kind: 'spared'; readonly milliseconds: number };

/** What becomes of the delivery. Times are wall-clock milliseconds. */
export type DeliveryPlan =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly nextAt: number }
  /** `pause`: why the whole webhook stops, unless something was delivered to it since the time. */
  | { readonly kind: 'given-up'; readonly pause: { readonly reason: string; readonly since: number } }
  | { readonly kind: 'postponed'; readonly nextAt: number };

/** What is known when an attempt ends. */
export interface DeliveryFacts {
  /** Attempts that failed before this one. */
  readonly attempts: number;
  /** When the first one was made; `null` when it was this one. */
  readonly firstAt: number | null;
  readonly now: number;
  /** In [0, 1), for jitter. */
  readonly random: number;
}

const MINUTE = 60 * 1_000;
const HOUR = 60 * MINUTE;
/** Five seconds, doubled up to four hours: some sixteen attempts in a day. */
const RETRY = { first: 5_000, most: 4 * HOUR } as const;
/** From the first attempt to the last. */
export const GIVE_UP_AFTER = 24 * HOUR;
/** Longest pause that a receiver may ask for; a day would be a way to make events expire. */
const LONGEST_WISH = HOUR;
/** The status that says that nobody will ever want anything here. */
const GONE = 410;

/**
 * Whatever is not a success is tried again for a day, with pauses that double: a receiver that answers 404 or 401 is as
 * often half deployed as wrong. Only 410 ends it at once.
 */
export function planDelivery(outcome: DeliveryOutcome, facts: DeliveryFacts): DeliveryPlan {
  const { attempts, firstAt, now, random } = facts;
  if (outcome.kind === 'spared') return { kind: 'postponed', nextAt: now + outcome.milliseconds };
  const status = outcome.kind === 'answered' ? outcome.status : null;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === GONE) return { kind: 'given-up', pause: { reason: 'gone', since: now } };
  const since = firstAt ?? now;
  if (now - since >= GIVE_UP_AFTER) return { kind: 'given-up', pause: { reason: 'failing', since } };
  const wish = outcome.kind === 'answered' ? Math.min(outcome.retryAfterMs ?? 0, LONGEST_WISH) : 0;
  return { kind: 'retry', nextAt: now + Math.max(wish, Math.round(backoffDelay(attempts, RETRY, random))) };
}
