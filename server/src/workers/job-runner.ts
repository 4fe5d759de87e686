import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../ports/clock.ts';
import type { ClaimedJob, JobItem, JobStore } from '../ports/job-store.ts';
import type { NotedIntent, RequestLedger } from '../ports/request-ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { inBackground, withDeadline, type Service } from '../service.ts';

export interface JobRunnerDeps {
  readonly jobs: JobStore;
  readonly requests: Pick<RequestLedger, 'expire'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * Does one part of a job and returns what became of it as JSON. Throws what may pass (a store that is away), so that the
   * part is tried again; `intend` throws when the job is no longer this node's.
   */
  readonly carryOut: (
    job: ClaimedJob,
    item: JobItem,
    intend: (intent: NotedIntent) => Promise<void>,
  ) => Promise<string>;
}

/** Does jobs, one at a time on each node. */
export interface JobRunner extends Service {
  /** There is something to do. */
  wake(): void;
}

/** Milliseconds between looks at what other nodes have left behind, with jitter. */
const LOOK = 5_000;
/** How long a job is this node's without a word of it. */
const CLAIM = 30_000;
/** Milliseconds before a job is gone on with in which something failed for now. */
const PAUSE = 5_000;
const SWEEP = 60 * 60_000;

export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  return new Runner(deps);
}

class Runner implements JobRunner {
  readonly name = 'jobs';
  readonly #deps: JobRunnerDeps;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #lastSweep = -Infinity;

  constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
    this.#arm(LOOK);
  }

  wake(): void {
    this.#again = true;
    if (this.#running !== null || this.#stopped) return;
    this.#timer?.cancel();
    this.#running = this.#runAll().finally(() => {
      this.#running = null;
      if (!this.#stopped) this.#arm(LOOK);
    });
    inBackground(this.#deps.telemetry.log, 'jobs_failed', this.#running);
  }

  #arm(milliseconds: number): void {
    this.#timer?.cancel();
    const jitter = 0.75 + this.#deps.clock.random() / 2;
    this.#timer = this.#deps.clock.after(milliseconds * jitter, () => {
      this.wake();
    });
  }

  async #runAll(): Promise<void> {
    const { jobs, clock, telemetry } = this.#deps;
    try {
      await this.#sweep();
      while (!this.#stopped) {
        this.#again = false;
        const claim = randomUUID();
        const at = clock.now();
        const job = await jobs.claim({ claim, at, until: at + CLAIM });
        if (job !== null) await this.#run(job, claim);
        // Whoever woke this meanwhile may have come after the last look.
        else if (!this.#again) return;
      }
    } catch (error) {
      telemetry.log.warn('jobs_interrupted', {}, error);
    }
  }

  async #run(job: ClaimedJob, claim: string): Promise<void> {
    const { jobs, clock, telemetry } = this.#deps;
    const own = { id: job.id, claim };
    let isDone = true;
    let hasFailed = false;
    for (const item of job.items) {
      if (item.outcome !== null) continue;
      if (this.#stopped || !(await jobs.renew(own, clock.now() + CLAIM))) {
        isDone = false;
        break;
      }
      try {
        const intend = async (intent: NotedIntent): Promise<void> => {
          if (!(await jobs.intend(own, item.place, intent))) throw new Error('the job is somebody else’s now');
        };
        await jobs.settle(own, item.place, await this.#deps.carryOut(job, item, intend));
      } catch (error) {
        hasFailed = true;
        telemetry.log.warn('job_part_failed', { place: item.place }, error);
      }
    }
    const now = clock.now();
    // Others come first, before what failed for now is tried again.
    const until = hasFailed ? now + PAUSE : now;
    await jobs.release(own, isDone && !hasFailed ? { kind: 'finished', at: now } : { kind: 'left', until });
  }

  /** Forgets what nobody asks for any more. */
  async #sweep(): Promise<void> {
    const { jobs, requests, clock } = this.#deps;
    if (clock.monotonic() - this.#lastSweep < SWEEP) return;
    this.#lastSweep = clock.monotonic();
    await jobs.expire(clock.now());
    await requests.expire(clock.now());
  }

  /** Ends with the part that is being done; another node goes on with the rest. */
  async drain(milliseconds: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    if (this.#running !== null) await withDeadline(this.#deps.clock, milliseconds, this.#running);
  }
}
