import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../ports/clock.ts';
import type { ClaimedJob, JobClaim, JobItem, JobStore } from '../ports/job-store.ts';
import type { NotedIntent, RequestLedger } from '../ports/request-ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { inBackground, withDeadline, type Service } from '../service.ts';

export interface JobRunnerDeps {
  readonly jobs: JobStore;
  readonly requests: Pick<RequestLedger, 'expire'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * Does one part of a job and returns what became of it as JSON, or that more is to be done. Throws what may pass (a store
   * that is away), so that the part is tried again.
   */
  readonly carryOut: (job: ClaimedJob, item: JobItem, claim: WorkClaim) => Promise<string | Unfinished>;
}

/** More is to be done, after some milliseconds in which other jobs have their turn. */
export interface Unfinished {
  readonly pause: number;
}

/** What whoever does a part of a job can ask for; throws when the job is no longer this node's. */
export interface WorkClaim {
  intend(intent: NotedIntent): Promise<void>;
  /** Keeps the job from others for longer. */
  renew(): Promise<void>;
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
  /** Milliseconds until something is to be gone on with, if that is before the next look. */
  #soonest = LOOK;
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
      if (!this.#stopped) this.#arm(this.#soonest);
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
    this.#soonest = LOOK;
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
    let pause = 0;
    for (const item of job.items) {
      if (item.outcome !== null) continue;
      if (this.#stopped || !(await jobs.renew(own, clock.now() + CLAIM))) {
        isDone = false;
        break;
      }
      try {
        const outcome = await this.#deps.carryOut(job, item, this.#holdFor(own, item));
        if (typeof outcome === 'string') await jobs.settle(own, item.place, outcome);
        else pause = Math.max(pause, outcome.pause);
      } catch (error) {
        pause = PAUSE;
        telemetry.log.warn('job_part_failed', { place: item.place }, error);
      }
    }
    const now = clock.now();
    if (pause > 0) this.#soonest = Math.min(this.#soonest, pause);
    // Others come first, before what is not done is gone on with.
    const left = { kind: 'left', until: now + pause } as const;
    await jobs.release(own, isDone && pause === 0 ? { kind: 'finished', at: now } : left);
  }

  #holdFor(own: JobClaim, { place }: JobItem): WorkClaim {
    const { jobs, clock } = this.#deps;
    const require = (isOurs: boolean): void => {
      if (!isOurs) throw new Error('the job is somebody else’s now');
    };
    return {
      intend: async (intent) => require(await jobs.intend(own, place, intent)),
      renew: async () => require(await jobs.renew(own, clock.now() + CLAIM)),
    };
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
