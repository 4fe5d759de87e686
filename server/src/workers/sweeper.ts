import { dropFloor } from '../core/drop-gate.ts';
import { planUpkeep, type UpkeepLimits } from '../core/upkeep-plan.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { BacklogEntry, LogUpkeep } from '../ports/log-upkeep.ts';
import type { ObjectRegister } from '../ports/object-register.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { inBackground, type Service } from '../service.ts';
import type { Archiver } from './archiver.ts';
import type { Compactor } from './compactor.ts';

export interface SweeperDeps {
  readonly upkeep: LogUpkeep;
  readonly register: ObjectRegister;
  readonly snapshots: SnapshotStore;
  readonly compactor: Pick<Compactor, 'compact'>;
  readonly archiver: Archiver;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly limits: SweeperLimits;
  /** Takes what deleted documents held out of wherever else it lies; while that fails, nothing of them is removed. */
  readonly beforePurge?: (documentIds: readonly DocumentId[]) => Promise<void>;
}

export interface SweeperLimits extends UpkeepLimits {
  /** Milliseconds for which a deleted document's rows, snapshots and segments are kept. */
  readonly deletedAfter: number;
  /** Whether rows go one by one here; false where the engine drops whole partitions. */
  readonly dropsRows: boolean;
}

/**
 * Goes over all documents now and then, so that nothing is left behind by those that nobody opens: folds and archives
 * what has waited long, drops rows below the floor in small batches, empties deleted documents, and removes objects
 * that nothing names. All of it may run on several nodes at once, and may be killed at any point.
 */
export interface Sweeper extends Service {
  /** One round over everything, now. */
  sweep(): Promise<void>;
}

/** Milliseconds between two rounds, with jitter, so that nodes do not all go at once. */
const INTERVAL = 10 * 60 * 1_000;
/** Milliseconds after which a key that was taken for removal is taken again by somebody else. */
const REMOVAL_LIFETIME = 10 * 60 * 1_000;
/** Rows that one statement may remove: few enough that an append behind it does not wait long. */
const ROWS_PER_BATCH = 256;
const OBJECTS_PER_BATCH = 100;
const DOCUMENTS_PER_PAGE = 500;

export function createSweeper(deps: SweeperDeps): Sweeper {
  return new PeriodicSweeper(deps);
}

class PeriodicSweeper implements Sweeper {
  readonly name = 'sweeper';
  readonly #deps: SweeperDeps;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.#arm();
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, telemetry } = this.#deps;
    this.#timer = clock.after(INTERVAL * (0.5 + clock.random()), () => {
      inBackground(telemetry.log, 'sweep_failed', this.sweep());
    });
  }

  /** A second call while one runs waits for that one. */
  sweep(): Promise<void> {
    this.#timer?.cancel();
    this.#running ??= this.#sweepAll().finally(() => {
      this.#running = null;
      this.#arm();
    });
    return this.#running;
  }

  /** Each part by itself: one that fails must not keep the others from their work. */
  async #sweepAll(): Promise<void> {
    await this.#attempt('upkeep', () => this.#tidyDocuments());
    await this.#attempt('purge', () => this.#purgeDeleted());
    await this.#attempt('objects', () => this.#removeObjects());
  }

  async #attempt(part: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.telemetry.log.warn('sweep_failed', { part }, error);
    }
  }

  async #tidyDocuments(): Promise<void> {
    for (let after: DocumentId | null = 0; after !== null && !this.#stopped;) {
      const page: Awaited<ReturnType<LogUpkeep['readBacklog']>> = await this.#deps.upkeep.readBacklog(
        after,
        DOCUMENTS_PER_PAGE,
      );
      for (const entry of page.entries) {
        if (this.#stopped) return;
        await this.#attempt(`document ${entry.documentId}`, () => this.#tidy(entry));
      }
      after = page.next;
    }
  }

  async #tidy(entry: BacklogEntry): Promise<void> {
    const { archiver, clock, compactor, limits } = this.#deps;
    const { documentId } = entry;
    const plan = planUpkeep(entry, limits, clock.now());
    if (plan.compact) await compactor.compact(documentId);
    if (plan.archive) await archiver.archive(documentId, true);
    if (plan.drop && limits.dropsRows) await this.#dropRows(documentId);
  }

  async #dropRows(documentId: DocumentId): Promise<void> {
    const { clock, limits, telemetry, upkeep } = this.#deps;
    const facts = await upkeep.readDropFacts(documentId);
    if (facts === null) return;
    const range = { upTo: dropFloor(facts), before: clock.now() - limits.rowMinAge, limit: ROWS_PER_BATCH };
    for (let removed = 1; removed > 0 && !this.#stopped;) {
      removed = await upkeep.removeRows(documentId, range);
      telemetry.metrics.count('rows_dropped_total', removed);
      await this.#breathe();
    }
  }

  async #purgeDeleted(): Promise<void> {
    const { clock, limits, upkeep } = this.#deps;
    const documentIds = await upkeep.listDeleted(clock.now() - limits.deletedAfter, DOCUMENTS_PER_PAGE);
    if (documentIds.length > 0) await this.#deps.beforePurge?.(documentIds);
    for (const documentId of documentIds) {
      for (let done = false; !done && !this.#stopped;) {
        done = await upkeep.purge(documentId, { limit: ROWS_PER_BATCH, at: clock.now() });
        await this.#breathe();
      }
    }
  }

  /** The object goes first: a key is forgotten only once there is nothing under it. */
  async #removeObjects(): Promise<void> {
    const { clock, register, snapshots, telemetry } = this.#deps;
    for (let full = true; full && !this.#stopped;) {
      const now = clock.now();
      const keys = await register.takeExpired({ now, retryAt: now + REMOVAL_LIFETIME, limit: OBJECTS_PER_BATCH });
      for (const key of keys) await snapshots.remove(key);
      await register.forget(keys);
      telemetry.metrics.count('objects_swept_total', keys.length);
      full = keys.length === OBJECTS_PER_BATCH;
    }
  }

  /** Lets whatever waits for the store go first. */
  #breathe(): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.soon(resolve);
    });
  }

  async drain(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
}
