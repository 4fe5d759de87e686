/** The one set of values of the circuits around what may fail (decision 34), in the words of cockatiel. */
export const CIRCUIT = {
  /** Half of ten calls failed; the breaker asks for more than its threshold, so it is a little below half. */
  breaker: { threshold: 0.49, size: 10, minimumNumberOfCalls: 10 },
  /** Milliseconds for which nothing is asked then. */
  openFor: 30_000,
  /** So many calls decide after that whether it goes on. */
  halfOpen: { calls: 5, threshold: 0.5 },
} as const;

/** The values of retries behind such a circuit: three attempts, with milliseconds between them that double, and full jitter. */
export const RETRIES = { attempts: 3, first: 100, most: 5_000 } as const;
