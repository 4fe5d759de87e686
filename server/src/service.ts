import type { Logger } from './ports/telemetry.ts';

/** A long-lived part of the node. */
export interface Service {
  readonly name: string;
  /** Finishes what is under way within the given milliseconds, takes nothing new, and never throws for being late. */
  drain(milliseconds: number): Promise<void>;
}

/** Runs the services' drains one after the other, in the given order, each with what is left of the time. */
export async function drainServices(
  services: readonly Service[],
  options: { readonly within: number; readonly now: () => number; readonly log: Logger },
): Promise<void> {
  const deadline = options.now() + options.within;
  for (const service of services) {
    const left = Math.max(0, deadline - options.now());
    try {
      await service.drain(left);
    } catch (error) {
      options.log.error('drain_failed', { service: service.name }, error);
    }
  }
}

/** Lets work go on that nobody waits for; what it throws is logged under the event's name and goes no further. */
export function inBackground(log: Logger, event: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    log.error(event, {}, error);
  });
}
