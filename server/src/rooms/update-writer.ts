import { backoffDelay } from '../core/backoff.ts';
import { planFlushDelay } from '../core/batching.ts';
import { toScriptoriumError } from '../core/errors.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { AppendBatch, AppendEntry, AppendResult, UpdateLog } from '../ports/update-log.ts';
import { inBackground, type Service } from '../service.ts';

/** How one source's part of a flush ended. `lost`: the log will never have it, so a room must be discarded. */
export type AppendOutcome =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost'; readonly reason: 'fenced' | 'deleted' | 'refused' | 'moved' };

/** A room, as the writer sees it. */
export interface AppendSource {
  /** Hands over all that is pending, encoded as one row; the source keeps it until `settle`. Null when there is nothing. */
  takePending(): AppendEntry | null;
  settle(outcome: AppendOutcome): void;
  /** It failed in a way that nobody foresaw, and takes part no more. */
  fail(error: unknown): void;
}

/**
 * Group commit: one per node, one batch in flight, the next one forms meanwhile. A batch whose outcome is unknown is
 * tried again under the same flush number until the store answers, so nothing is stored twice and nothing is lost.
 */
export interface UpdateWriter extends Service {
  /**
   * Reserves room for so many bytes before an update is applied; false when the node's buffer is full. What is larger
   * than the whole buffer finds room when nothing else waits, or its sender would be sent away for ever.
   */
  reserve(bytes: number): boolean;
  /** Gives reserved bytes back, once stored or given up. */
  free(bytes: number): void;
  /** Notes that the source has something pending. */
  schedule(source: AppendSource): void;
  /** Whether the last try reached the store. */
  readonly healthy: boolean;
}

export interface UpdateWriterDeps {
  readonly log: UpdateLog;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Random identity of this run. */
  readonly incarnation: string;
  readonly maxPendingBytes: number;
}

const RETRY = { first: 50, most: 2_000 } as const;

interface Flight {
  readonly sources: readonly AppendSource[];
  readonly entries: readonly AppendEntry[];
  readonly flush: number;
  /** An earlier try of it, or of a batch it was part of, ended with an unknown outcome. */
  readonly retry: boolean;
}

type Unsettled = Pick<Flight, 'sources' | 'entries'>;

export function createUpdateWriter(deps: UpdateWriterDeps): UpdateWriter {
  return new GroupCommitWriter(deps);
}

class GroupCommitWriter implements UpdateWriter {
  readonly name = 'update-writer';
  readonly #deps: UpdateWriterDeps;
  readonly #dirty = new Set<AppendSource>();
  readonly #idleWaiters: (() => void)[] = [];
  #pendingBytes = 0;
  #flushes = 0;
  #inFlight = false;
  /** Parts of earlier flushes of which it is not known whether they are stored. */
  #unsure = 0;
  #timer: Timer | null = null;
  #lastStart = -Infinity;
  #lastDuration = 0;
  #lastRows = 0;
  #busyRuns = 0;
  #healthy = true;
  /** Nothing is tried again any more: the node goes away. */
  #givenUp = false;

  constructor(deps: UpdateWriterDeps) {
    this.#deps = deps;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  reserve(bytes: number): boolean {
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#deps.maxPendingBytes) return false;
    this.#pendingBytes += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#pendingBytes -= bytes;
  }

  schedule(source: AppendSource): void {
    this.#dirty.add(source);
    this.#arm();
  }

  #arm(): void {
    if (this.#givenUp || this.#inFlight || this.#timer !== null || this.#dirty.size === 0) return;
    const sinceStart = this.#deps.clock.monotonic() - this.#lastStart;
    const last = { sinceStart, duration: this.#lastDuration, rows: this.#lastRows, busyRuns: this.#busyRuns };
    const delay = planFlushDelay(last);
    const run = (): void => {
      this.#timer = null;
      inBackground(this.#deps.telemetry.log, 'flush_failed', this.#flush());
    };
    this.#timer = delay === 0 ? this.#deps.clock.soon(run) : this.#deps.clock.after(delay, run);
  }

  async #flush(): Promise<void> {
    const { clock, telemetry } = this.#deps;
    const flight = this.#collect();
    if (flight !== null) {
      this.#inFlight = true;
      this.#lastStart = clock.monotonic();
      telemetry.metrics.gauge('writer_pending_bytes', this.#pendingBytes);
      await this.#commit(flight);
      this.#lastRows = flight.entries.length;
      this.#lastDuration = clock.monotonic() - this.#lastStart;
      telemetry.metrics.observe('flush_seconds', this.#lastDuration / 1_000);
      telemetry.metrics.count('flushes_total');
      this.#inFlight = false;
    }
    this.#goOn();
  }

  #goOn(): void {
    if (this.#dirty.size > 0) this.#arm();
    else if (this.#idle) for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  get #idle(): boolean {
    return !this.#inFlight && this.#unsure === 0 && this.#dirty.size === 0;
  }

  #collect(): Flight | null {
    const sources: AppendSource[] = [];
    const entries: AppendEntry[] = [];
    for (const source of this.#dirty) {
      const entry = this.#take(source);
      if (entry === null) continue;
      sources.push(source);
      entries.push(entry);
    }
    this.#dirty.clear();
    if (entries.length === 0) return null;
    this.#flushes += 1;
    return { sources, entries, flush: this.#flushes, retry: false };
  }

  #take(source: AppendSource): AppendEntry | null {
    try {
      return source.takePending();
    } catch (error) {
      source.fail(error);
      return null;
    }
  }

  /** Commits the flight, however often it takes; a part that the store refuses for good is found by halving. */
  async #commit(flight: Flight): Promise<void> {
    for (let attempt = 0; !this.#givenUp; attempt += 1) {
      const retry = flight.retry || attempt > 0;
      try {
        const results = await this.#deps.log.append(this.#batch(flight, retry));
        this.#healthy = true;
        this.#settle({ ...flight, retry }, results);
        return;
      } catch (error) {
        if (!toScriptoriumError(error).definition.retryable) return this.#bisect(flight, error);
        await this.#pauseBeforeRetry(attempt, error);
      }
    }
  }

  #batch(flight: Flight, retry: boolean): AppendBatch {
    const { incarnation, clock } = this.#deps;
    return { incarnation, flush: flight.flush, at: clock.now(), retry, entries: flight.entries };
  }

  async #bisect(flight: Flight, error: unknown): Promise<void> {
    if (flight.entries.length === 1) {
      const documentId = flight.entries[0]?.documentId ?? -1;
      this.#deps.telemetry.log.error('append_refused', { documentId }, error);
      for (const source of flight.sources) this.#tell(source, { kind: 'lost', reason: 'refused' });
      return;
    }
    const middle = flight.entries.length >> 1;
    const part = (from: number, to: number): Flight => ({
      flush: flight.flush,
      retry: true,
      sources: flight.sources.slice(from, to),
      entries: flight.entries.slice(from, to),
    });
    await this.#commit(part(0, middle));
    await this.#commit(part(middle, flight.entries.length));
  }

  async #pauseBeforeRetry(attempt: number, error: unknown): Promise<void> {
    const { telemetry } = this.#deps;
    this.#healthy = false;
    telemetry.metrics.count('flush_retries_total');
    if (attempt === 0 || attempt % 10 === 0) telemetry.log.warn('append_retried', { attempt }, error);
    await this.#pause(attempt);
  }

  #pause(attempt: number): Promise<void> {
    const { clock } = this.#deps;
    return new Promise<void>((resolve) => {
      clock.after(backoffDelay(attempt, RETRY, clock.random()), resolve);
    });
  }

  #settle(flight: Flight, results: readonly AppendResult[]): void {
    let bytes = 0;
    let rows = 0;
    this.#busyRuns = results.some(({ kind }) => kind === 'busy') ? this.#busyRuns + 1 : 0;
    const unsure: { sources: AppendSource[]; entries: AppendEntry[] } = { sources: [], entries: [] };
    for (const [index, source] of flight.sources.entries()) {
      const result = results[index] ?? { kind: 'busy' };
      const entry = flight.entries[index];
      if (result.kind === 'stored') {
        bytes += entry?.payload?.byteLength ?? 0;
        rows += 1;
        this.#tell(source, result);
      } else if (result.kind !== 'busy') {
        this.#tell(source, { kind: 'lost', reason: result.kind });
      } else if (flight.retry && entry !== undefined) {
        unsure.sources.push(source);
        unsure.entries.push(entry);
      } else {
        this.#tell(source, result);
        this.#dirty.add(source);
      }
    }
    if (unsure.sources.length > 0) this.#askAgain(flight.flush, unsure);
    this.#deps.telemetry.metrics.count('rows_appended_total', rows);
    this.#deps.telemetry.metrics.count('bytes_appended_total', bytes);
  }

  /**
   * Busy says nothing of an earlier try, which may be what holds the head: under another flush number it could be
   * stored twice. So these entries keep theirs until the store tells, apart from the flushes of the others.
   */
  #askAgain(flush: number, unsettled: Unsettled): void {
    this.#unsure += 1;
    const settled = (async () => {
      await this.#pause(0);
      await this.#commit({ ...unsettled, flush, retry: true });
    })().finally(() => {
      this.#unsure -= 1;
      this.#goOn();
    });
    inBackground(this.#deps.telemetry.log, 'flush_failed', settled);
  }

  /** One room's failure must not stop the node's only flush loop. */
  #tell(source: AppendSource, outcome: AppendOutcome): void {
    try {
      source.settle(outcome);
    } catch (error) {
      source.fail(error);
    }
  }

  async drain(milliseconds: number): Promise<void> {
    if (this.#idle) return;
    // What could not be committed by then was acknowledged to nobody, and its writers bring it again.
    this.#deps.clock.after(milliseconds, () => {
      this.#givenUp = true;
    });
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#arm();
    });
  }
}
