import type { Config } from './config.ts';
import type { Clock } from './ports/clock.ts';
import type { Telemetry } from './ports/telemetry.ts';

/** What every part of a node stands on. */
export interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Random identity of this run. */
  readonly node: string;
}
