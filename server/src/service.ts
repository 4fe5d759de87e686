import type { Clock } from './ports/clock.ts';
import type { Logger } from './ports/telemetry.ts';

/** A long-lived part of the node. */
export interface Service {
  readonly name: string;
  /**
   * Finishes what is under way and takes nothing new. Nobody waits longer than the given milliseconds: what has to be
   * cut off or given up by then is the service's to do, the deadline itself is not.
   */
  drain(milliseconds: number): Promise<void>;
}

/** Part of the whole time that each service finds left, however long those before it took. */
const SHARE_KEPT = 0.05;
/** What all these parts are together at most: however many services there are, the first has half of the time. */
const ALL_KEPT = 0.5;

/**
 * Runs the services' drains one after the other, in the given order, each with what is left of the time but for a small
 * part that is kept for each one behind it. A drain that is late is left behind, whatever it hangs on. Returns the names
 * of those that were late or failed.
 */
export async function drainServices(
  deps: { readonly clock: Clock; readonly log: Logger },
  services: readonly Service[],
  milliseconds: number,
): Promise<readonly string[]> {
  const { clock, log } = deps;
  const deadline = clock.monotonic() + milliseconds;
  const share = milliseconds * Math.min(SHARE_KEPT, ALL_KEPT / services.length);
  const unfinished: string[] = [];
  for (const [index, service] of services.entries()) {
    const kept = (services.length - 1 - index) * share;
    const left = Math.max(0, deadline - clock.monotonic() - kept);
    try {
      // Begun inside a promise, so that a drain that throws at once is one that failed, and no more.
      const drained = Promise.resolve(left).then((time) => service.drain(time));
      if ((await withDeadline(clock, left, drained)).kind === 'done') continue;
      log.error('drain_late', { service: service.name, milliseconds: Math.round(left) });
      inBackground(log, 'drain_failed', drained);
    } catch (error) {
      log.error('drain_failed', { service: service.name }, error);
    }
    unfinished.push(service.name);
  }
  return unfinished;
}

/** Several services as one, drained at the same time; one that fails does not hold up the others. */
export function drainTogether(name: string, services: readonly Service[]): Service {
  return {
    name,
    drain: async (milliseconds) => {
      const results = await Promise.allSettled(services.map((service) => service.drain(milliseconds)));
      const failure = results.find((result) => result.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
    },
  };
}

/** What the work came to within the time; throws what it throws. Work that is late goes on, and nobody waits for it. */
export async function withDeadline<T>(
  clock: Clock,
  milliseconds: number,
  work: Promise<T>,
): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'late' }> {
  const { promise: late, resolve } = Promise.withResolvers<{ readonly kind: 'late' }>();
  const timer = clock.after(milliseconds, () => {
    resolve({ kind: 'late' });
  });
  try {
    return await Promise.race([work.then((value) => ({ kind: 'done' as const, value })), late]);
  } finally {
    timer.cancel();
  }
}

/** Lets work go on that nobody waits for; what it throws is logged under the event's name and goes no further. */
export function inBackground(log: Logger, event: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    log.error(event, {}, error);
  });
}
