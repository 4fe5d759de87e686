import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks, unless told otherwise. */
const POLL_MS = 10;

/** A deadline passed; the message says what was waited for and what was seen last. */
class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

export interface WaitOptions {
  /** What is waited for, as the failure should name it. */
  readonly what: string;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks, where looking is work for what is measured. */
  readonly everyMs?: number;
  /** Describes the present state for the failure. */
  readonly seen?: () => string;
}

/** Polls until the condition holds; throws `DeadlineError` when it does not in time. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, options: WaitOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new DeadlineError(describe(options, timeoutMs));
    await sleep(options.everyMs ?? POLL_MS);
  }
}

/** Settles with the promise, or throws `DeadlineError` when that takes too long. */
export async function withDeadline<T>(promise: Promise<T>, options: WaitOptions): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const aborter = new AbortController();
  const expiry = sleep(timeoutMs, undefined, { signal: aborter.signal }).then((): never => {
    throw new DeadlineError(describe(options, timeoutMs));
  });
  expiry.catch(() => {});
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    aborter.abort();
  }
}

function describe(options: WaitOptions, timeoutMs: number): string {
  const seen = options.seen === undefined ? '' : `; last seen: ${options.seen()}`;
  return `${options.what}: not within ${timeoutMs} ms${seen}`;
}
