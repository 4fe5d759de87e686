import { backoffDelay } from '../../core/backoff.ts';
import { gatherFor, LEAST_REST } from '../../core/search-rest.ts';
import type { ConsumerCursors } from '../../ports/consumer-cursors.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { inBackground, type Service, withDeadline } from '../../service.ts';
import { catchUpIndex } from './catch-up-index.ts';
import { compareIndex } from './compare-index.ts';
import { FollowedLevels } from './followed-levels.ts';
import { NamedTimers } from './named-timers.ts';
import { type ProjectDeps, type Projection, projectDocuments } from './project-documents.ts';
import { type DueDocument, ProjectionQueue } from './projection-queue.ts';
import { SearchDemand } from './search-demand.ts';

export interface ProjectionDeps extends ProjectDeps {
  readonly cursors: ConsumerCursors;
  /**
   * Whether every commit of every node has to come into this index, since no other node writes it; else a node looks
   * after what it commits itself, and finds by comparing what others left behind.
   */
  readonly followsAll: boolean;
  /** Whether every search of the index is told (`wake`), so that what nobody searches need not be fresh. */
  readonly hearsSearches: boolean;
}

/**
 * Keeps a search index level with the log. What is committed here, or told by the node that committed it, is noted (`note`)
 * and goes in within a moment, a document at most once a second, or once in some minutes while nobody searches; what was
 * missed is found by comparing the index with all documents, at the start, after an outage, and now and then.
 */
export interface SearchProjection extends Service {
  note(documentId: DocumentId, rows: number): void;
  /** Told of a search: what waits because there was none goes in first, as far as that is done within a second. */
  wake(): Promise<void>;
  /** Compares now, and puts everything that is behind on its way; how many documents that were. */
  compare(): Promise<number>;
  /** Brings all documents into the index that are behind now; how many. Throws when the index or the store is away. */
  catchUp(): Promise<number>;
}

/** The name under which the log's rows are kept for search. */
export const SEARCH_CONSUMER = 'search';

/** Milliseconds after which a document is looked at again that somebody else has, or that cannot be read. */
const AGAIN = LEAST_REST / 2;
/** Milliseconds between two looks at a queue that is to become shorter. */
const ROOM_INTERVAL = 300;
const BATCH = 64;
/** Documents that wait at most; a node at work on more finds the rest by comparing. */
const QUEUE_MOST = 50_000;
/** Documents that a comparison lets wait before it reads on. */
const COMPARE_AHEAD = 1_000;
/** Milliseconds between two comparisons, with jitter. */
const COMPARE_INTERVAL = 60_000;
const RETRY = { first: 250, most: 5_000 } as const;
const CURSOR_INTERVAL = 5_000;
const FOLLOW_INTERVAL = 1_000;
/** The same while nobody searches; less than the overlap, so that nothing falls between two looks. */
const FOLLOW_UNSEARCHED = 30_000;
/** Milliseconds by which the clocks of nodes, and the time of a commit, may differ. */
const FOLLOW_OVERLAP = 60_000;

export function createSearchProjection(deps: ProjectionDeps): SearchProjection {
  return new FollowingProjection(deps);
}

class FollowingProjection implements SearchProjection {
  readonly name = 'search-projection';
  readonly #deps: ProjectionDeps;
  readonly #queue = new ProjectionQueue(QUEUE_MOST);
  readonly #timers: NamedTimers;
  /** When the next comparison begins. */
  #compareAt = Infinity;
  /** How far the cursors may be moved. */
  #positions = new Map<DocumentId, number>();
  readonly #followed = new FollowedLevels();
  #followedAt = -Infinity;
  /** When the work begins that a timer is set for, and before when it must not, after a failure. */
  #workAt = Infinity;
  #notBefore = 0;
  #running: Promise<void> | null = null;
  /** Called when the work has ended that was due when they came. */
  readonly #onLevel: (() => void)[] = [];
  readonly #demand: SearchDemand;
  #comparing: Promise<number> | null = null;
  #failures = 0;
  #stopped = false;
  #registered = false;

  constructor(deps: ProjectionDeps) {
    this.#deps = deps;
    this.#demand = new SearchDemand(deps);
    this.#timers = new NamedTimers(deps);
    this.#compareInBackground();
    this.#timers.every('cursors', CURSOR_INTERVAL, () => this.#moveCursors());
    if (deps.followsAll) this.#timers.every('follow', FOLLOW_INTERVAL, () => this.#follow());
  }

  note(documentId: DocumentId, rows: number): void {
    this.#noteFor(documentId, rows, this.#demand.gather);
  }

  #noteFor(documentId: DocumentId, rows: number, gather: number): void {
    if (this.#stopped) return;
    const due = this.#queue.note({ documentId, rows, gather }, this.#deps.clock.monotonic());
    // What found no room is found by the next comparison, which then must come soon.
    if (due === null) this.#compareSoon(RETRY.most);
    else this.#armFor(due);
  }

  wake(): Promise<void> {
    return this.#demand.note(async () => {
      // What others committed since the last look is as good as noted.
      if (this.#deps.followsAll) await this.#followNow().catch((error: unknown) => this.#fail(error));
      const now = this.#deps.clock.monotonic();
      if (this.#stopped || this.#queue.hurry(now) === 0) return;
      const level = Promise.withResolvers<void>();
      this.#onLevel.push(level.resolve);
      this.#armFor(now);
      await level.promise;
    });
  }

  /** Sets the timer to the moment when something is due, unless it is set to an earlier one; work that runs sets it itself. */
  #armFor(due: number): void {
    const at = Math.max(due, this.#notBefore);
    if (this.#running !== null || at >= this.#workAt) return;
    this.#workAt = at;
    this.#timers.after('work', Math.max(0, at - this.#deps.clock.monotonic()), () => {
      this.#workAt = Infinity;
      this.#running = this.#work().finally(() => {
        this.#running = null;
        this.#showLag();
        for (const tell of this.#onLevel.splice(0)) tell();
        const next = this.#queue.nextDue;
        if (next !== null) this.#armFor(next);
      });
      inBackground(this.#deps.telemetry.log, 'search_projection_failed', this.#running);
    });
  }

  /** Works until nothing is due. */
  async #work(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#stopped) {
      const due = this.#queue.take(clock.monotonic(), BATCH);
      if (due.length === 0) return;
      try {
        const documentIds = due.map(({ documentId }) => documentId);
        this.#settle(due, await projectDocuments(this.#deps, documentIds));
        this.#recover();
      } catch (error) {
        for (const { documentId } of due) this.#queue.putBack(documentId, clock.monotonic());
        this.#fail(error);
        this.#notBefore = clock.monotonic() + backoffDelay(this.#failures - 1, RETRY, clock.random());
        return;
      }
      this.#showLag();
      // Lets whatever waits on this thread go first.
      await new Promise<void>((resolve) => void clock.soon(resolve));
    }
  }

  #settle(due: readonly DueDocument[], { settled, gone, rests }: Projection): void {
    const now = this.#deps.clock.monotonic();
    for (const [documentId, level] of settled) {
      this.#positions.set(documentId, level.seq);
      if (this.#deps.followsAll) this.#followed.add(documentId, level);
    }
    const done = new Set([...settled.keys(), ...gone]);
    for (const { documentId, since } of due) {
      if (!done.has(documentId)) this.#queue.putBack(documentId, now + AGAIN);
      else {
        this.#queue.settle(documentId, now, rests.get(documentId) ?? 0);
        this.#deps.telemetry.metrics.observe('search_indexed_seconds', (now - since) / 1_000);
      }
    }
  }

  #fail(error: unknown): void {
    const { metrics, log } = this.#deps.telemetry;
    metrics.count('search_failures_total');
    if (this.#failures === 0 || this.#failures % 20 === 0) {
      log.warn('search_projection_waits', { waiting: this.#queue.depth, failures: this.#failures }, error);
    }
    this.#failures += 1;
  }

  /** An engine that was away may have lost what it had. */
  #recover(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#deps.telemetry.log.info('search_projection_goes_on', { waiting: this.#queue.depth });
    this.#compareSoon(0);
  }

  #showLag(): void {
    const { clock, telemetry } = this.#deps;
    const { rows, milliseconds } = this.#queue.lag(clock.monotonic());
    telemetry.metrics.gauge('search_lag_rows', rows);
    telemetry.metrics.gauge('search_lag_seconds', milliseconds / 1_000);
    telemetry.metrics.gauge('search_queue_documents', this.#queue.depth);
  }

  compare(): Promise<number> {
    this.#comparing ??= this.#compareAll().finally(() => {
      this.#comparing = null;
    });
    return this.#comparing;
  }

  async #compareAll(): Promise<number> {
    let found = 0;
    const isFirst = !this.#registered;
    if (isFirst) await this.#deps.cursors.register(SEARCH_CONSUMER, 'every-document');
    for await (const { behind, level } of compareIndex(this.#deps)) {
      if (this.#stopped) return found;
      for (const [documentId, rows] of behind)
        if (!this.#queue.has(documentId)) this.#noteFor(documentId, rows, gatherFor(0));
      found += behind.size;
      // Cursors of an earlier run may have been moved less far than the index went.
      if (isFirst) for (const [documentId, head] of level) this.#positions.set(documentId, head);
      await this.#waitForRoom();
    }
    this.#registered = true;
    return found;
  }

  async #waitForRoom(): Promise<void> {
    while (this.#queue.depth > COMPARE_AHEAD && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#timers.after('room', ROOM_INTERVAL, resolve);
      });
    }
  }

  catchUp(): Promise<number> {
    return catchUpIndex({ ...this.#deps, isStopped: () => this.#stopped });
  }

  #compareInBackground(): void {
    this.#compareAt = Infinity;
    const compared = this.compare().then(
      () => {
        if (this.#queue.depth === 0) this.#failures = 0;
        this.#compareSoon(COMPARE_INTERVAL * (0.5 + this.#deps.clock.random()));
      },
      (error: unknown) => {
        this.#fail(error);
        this.#compareSoon(backoffDelay(this.#failures - 1, RETRY, this.#deps.clock.random()));
      },
    );
    inBackground(this.#deps.telemetry.log, 'search_comparison_failed', compared);
  }

  /** A comparison that comes sooner anyway is as good. */
  #compareSoon(delay: number): void {
    const at = this.#deps.clock.monotonic() + delay;
    if (at >= this.#compareAt) return;
    this.#compareAt = at;
    this.#timers.after('compare', delay, () => {
      this.#compareInBackground();
    });
  }

  /** The cursors only tell how far rows may be dropped, so they come behind, many at a time. */
  async #moveCursors(): Promise<void> {
    if (this.#positions.size === 0) return;
    const positions = this.#positions;
    this.#positions = new Map();
    try {
      await this.#deps.cursors.advanceAll(SEARCH_CONSUMER, positions);
    } catch (error) {
      this.#positions = new Map([...positions, ...this.#positions]);
      throw error;
    }
  }

  /** Notes what was committed by whomever, unless it is noted or in the index already. */
  async #follow(): Promise<void> {
    const since = this.#deps.clock.monotonic() - this.#followedAt;
    if (this.#demand.isThere || since >= FOLLOW_UNSEARCHED) await this.#followNow();
  }

  async #followNow(): Promise<void> {
    const { clock, directory } = this.#deps;
    this.#followedAt = clock.monotonic();
    const heads = await directory.readChangedSince(clock.now() - FOLLOW_OVERLAP);
    for (const documentId of this.#followed.takeUnknown(heads)) this.note(documentId, 1);
  }

  async drain(milliseconds: number): Promise<void> {
    this.#stopped = true;
    this.#timers.stop();
    const { clock } = this.#deps;
    // What is left waits for the next start, which finds it by comparing, so nothing here is worth a failed stop.
    await withDeadline(clock, milliseconds / 2, Promise.allSettled([this.#running]));
    await withDeadline(clock, milliseconds / 4, Promise.allSettled([this.#moveCursors()]));
  }
}
