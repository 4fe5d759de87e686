import type { Clock, Timer } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { createPartitions, type DropOptions, dropPartitions } from './partitions.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** Milliseconds between two rounds, give or take a tenth, so that the nodes of a cluster do not meet. */
const INTERVAL = 3_600_000;

export interface PartitionUpkeepDeps {
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly drop: DropOptions;
}

/** Partitions of the days ahead, and the end of those behind, for as long as the node runs. */
export class PartitionUpkeep {
  readonly #deps: PartitionUpkeepDeps;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: PartitionUpkeepDeps) {
    this.#deps = deps;
  }

  /** One round. Never throws: an append finds the default partition, and a day that stays costs room, no more. */
  async run(): Promise<void> {
    const { pool, clock, log, drop } = this.#deps;
    try {
      await pool.use(async (lease) => {
        const { created, blocked } = await retryConflicts(clock, () => createPartitions(lease));
        if (created.length > 0) log.info('postgres_partitions_created', { names: created.join(' ') });
        if (blocked.length > 0) log.warn('postgres_partitions_blocked', { names: blocked.join(' ') });
        const dropped = await retryConflicts(clock, () => dropPartitions(lease, drop));
        if (dropped.length > 0) log.info('postgres_partitions_dropped', { names: dropped.join(' ') });
      });
    } catch (error) {
      log.warn('postgres_upkeep_failed', {}, error);
    }
  }

  /** Runs a round every hour until it is stopped. */
  start(): void {
    if (this.#stopped) return;
    const { clock } = this.#deps;
    this.#timer = clock.after(INTERVAL * (0.9 + clock.random() / 5), () => {
      // `run` never throws, so the next round is never left out.
      this.run().then(
        () => this.start(),
        () => this.start(),
      );
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
