import type { CounterName, Logger, Telemetry } from '../../src/ports/telemetry.ts';

/** Telemetry that writes nothing and remembers its counters. */
export function createSilentTelemetry(): Telemetry & { readonly counters: ReadonlyMap<CounterName, number> } {
  const counters = new Map<CounterName, number>();
  const nothing = (): void => undefined;
  const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };
  return {
    log,
    counters,
    metrics: {
      count: (name, by = 1) => void counters.set(name, (counters.get(name) ?? 0) + by),
      gauge: nothing,
      observe: nothing,
      tenant: () => ({ add: nothing, set: nothing }),
    },
  };
}
