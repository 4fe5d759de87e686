import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { MergeJob, MergeOutcome, StateMerger } from '../ports/state-merger.ts';
import type { Service } from '../service.ts';
import { runMergeJob } from './merge-job.ts';
import { bytesOfJob, type MergeAnswer, packJob } from './merge-messages.ts';

export interface MergeThreadDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Starts the thread; tests take hold of it here. */
  readonly startWorker?: () => Worker;
  /** Jobs up to so many bytes are merged in the calling thread. */
  readonly smallBytes?: number;
}

/**
 * Bytes and updates up to which a merge stays in the main thread: it takes up to 7 ms there
 * (`server/test/merge-benchmark.ts`), while a thread has to be started first, and takes memory as long as it lives.
 */
const SMALL_BYTES = 64 * 1024;
const SMALL_UPDATES = 256;
/** Milliseconds after which a merge is given up: no document that the gate lets grow takes that long. */
const DEADLINE = 120_000;
/** Milliseconds without work after which the thread is ended. */
const IDLE = 30_000;
/** Merging a document takes fifteen times its encoded size; one that takes more must end the thread, not the process. */
const HEAP_MEGABYTES = 2_048;
const YOUNG_MEGABYTES = 24;

/** Merges large documents in a thread of its own: one at most, started when it is needed, ended when it has been idle. */
export function createMergeThread(deps: MergeThreadDeps): StateMerger & Service {
  return new MergeThread(deps);
}

interface Running {
  readonly settle: (answer: MergeAnswer) => void;
  readonly deadline: Timer;
}

class MergeThread implements StateMerger, Service {
  readonly name = 'merge-thread';
  readonly #deps: MergeThreadDeps;
  /** The end of the job that was given last; jobs go one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | null = null;
  #running: Running | null = null;
  #idle: Timer | null = null;
  #stopped = false;

  constructor(deps: MergeThreadDeps) {
    this.#deps = deps;
  }

  async merge(job: MergeJob): Promise<MergeOutcome> {
    const isSmall = bytesOfJob(job) <= (this.#deps.smallBytes ?? SMALL_BYTES) && job.updates.length <= SMALL_UPDATES;
    if (isSmall) return runMergeJob(job);
    const result = this.#last.then(() => this.#mergeThere(job));
    this.#last = result.catch(() => undefined);
    const answer = await result;
    if (answer.kind === 'failed') throw new ScriptoriumError('internal', `a merge failed: ${answer.message}`);
    return answer;
  }

  async #mergeThere(job: MergeJob): Promise<MergeAnswer> {
    if (this.#stopped) throw new ScriptoriumError('shutting-down');
    this.#idle?.cancel();
    const worker = (this.#worker ??= this.#start());
    const packed = packJob(job);
    const { promise, resolve } = Promise.withResolvers<MergeAnswer>();
    const deadline = this.#deps.clock.after(DEADLINE, () => {
      this.#end(worker, 'it takes too long');
    });
    this.#running = { settle: resolve, deadline };
    worker.postMessage(packed, [packed.lengths.buffer, packed.bytes.buffer]);
    const answer = await promise;
    this.#idle = this.#deps.clock.after(IDLE, () => {
      if (this.#running === null && this.#worker !== null) this.#end(this.#worker, 'it is idle');
    });
    return answer;
  }

  #start(): Worker {
    const worker = (this.#deps.startWorker ?? startMergeWorker)();
    worker.on('message', (answer: MergeAnswer) => {
      this.#settle(answer);
    });
    worker.on('error', (error: Error) => {
      this.#deps.log.error('merge_thread_failed', {}, error);
      this.#end(worker, error.message);
    });
    worker.on('exit', () => {
      this.#end(worker, 'the merge thread ended');
    });
    // A thread that merges must not keep the process alive.
    worker.unref();
    return worker;
  }

  #settle(answer: MergeAnswer): void {
    const running = this.#running;
    this.#running = null;
    running?.deadline.cancel();
    running?.settle(answer);
  }

  /** Ends a thread, and with it what it is at. Once is enough; the next job starts another one. */
  #end(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#settle({ kind: 'failed', message: reason });
    worker.terminate().catch((error: unknown) => {
      this.#deps.log.warn('merge_thread_stayed', {}, error);
    });
  }

  drain(): Promise<void> {
    this.#stopped = true;
    this.#idle?.cancel();
    if (this.#worker !== null) this.#end(this.#worker, 'the server is going away');
    return Promise.resolve();
  }
}

/** The worker's file: the source beside this one, or, in the built server, the bundle beside the main one. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './merge-worker.ts' : './merge-worker.mjs', import.meta.url);
}

/** Starts the thread that merges; the file runs as it is, like all of the server. */
export function startMergeWorker(): Worker {
  // A thread does not inherit the compile cache.
  const compileCache = getCompileCacheDir();
  return new Worker(workerFile(), {
    name: 'merge',
    execArgv: [],
    env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compileCache) },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
}
