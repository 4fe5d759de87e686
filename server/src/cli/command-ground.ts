import { randomUUID } from 'node:crypto';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { Ground } from '../compose-ground.ts';
import type { Config } from '../config.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';

/** What every command gets. */
export interface CliDeps {
  readonly readConfig: () => Config;
  readonly print: (line: string) => void;
}

/** What stores are opened with by a command: the server's configuration, and a log of nothing but trouble. */
export function createCommandGround({ readConfig }: CliDeps): Ground {
  const telemetry = { log: createLogger({ level: 'error' }), metrics: createMetrics() };
  return { config: readConfig(), clock: createSystemClock(), telemetry, node: randomUUID() };
}
