import type { CounterName, LogFields, Logger, Telemetry } from '../../src/ports/telemetry.ts';

/** Errors that the faults of a run cause on purpose. */
const EXPECTED = new Set(['snapshot_damaged']);

export interface TelemetryWatch {
  onError(event: string, fields: LogFields, error: unknown): void;
  onCount(name: CounterName, by: number): void;
}

/** Telemetry that writes nothing, and takes an error in a node's log for a finding, but for those that faults explain. */
export function createWatchingTelemetry(watch: TelemetryWatch): Telemetry {
  const nothing = (): void => undefined;
  const log: Logger = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (event, fields, error) => {
      if (!EXPECTED.has(event)) watch.onError(event, fields ?? {}, error);
    },
    child: () => log,
  };
  const ofTenant = { add: nothing, set: nothing };
  const metrics = {
    count: (name: CounterName, by = 1) => watch.onCount(name, by),
    gauge: nothing,
    observe: nothing,
    tenant: () => ofTenant,
  };
  return { log, metrics };
}
