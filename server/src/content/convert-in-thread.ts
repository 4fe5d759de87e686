import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { ConversionRequest, ConversionResult } from './conversion.ts';

export interface ConversionQuestion {
  readonly id: number;
  readonly request: ConversionRequest;
}

export type ConversionAnswer =
  | { readonly id: number; readonly result: ConversionResult }
  | { readonly id: number; readonly code: ErrorCode; readonly detail: string | null };

export interface ThreadDeps {
  readonly clock: Clock;
  /** Milliseconds that one conversion may take. */
  readonly deadline: number;
  /** Conversions that may wait; more are turned away as `overloaded`. */
  readonly queueMax: number;
  /** Milliseconds without work after which the thread is ended, which gives back what it holds; 30,000 by default. */
  readonly idle?: number;
  readonly startWorker?: () => Worker;
}

interface Job extends ConversionQuestion {
  readonly resolve: (result: ConversionResult) => void;
  readonly reject: (error: ScriptoriumError) => void;
}

/** Megabytes that the thread may hold; a compressed file can unpack to any size. */
const MEMORY_MAX = 512;
/** Megabytes of it for what has just been made; V8 would take and keep 96 of them by itself. */
const YOUNG_MAX = 24;
const IDLE = 30_000;

/**
 * A thread for conversions that are large or come from outside. One runs at a time; one that takes longer than its
 * deadline, or more memory than it may, ends with its thread as `conversion-exceeded`, and the next has a new thread. So has
 * the first after a while without any.
 */
export class ConversionThread {
  readonly #deps: ThreadDeps;
  readonly #waiting: Job[] = [];
  #worker: Worker | null = null;
  #running: Job | null = null;
  #idle: Timer | null = null;
  #lastId = 0;
  #closed = false;

  constructor(deps: ThreadDeps) {
    this.#deps = deps;
  }

  /** Carries out a conversion in the thread. Throws as it does, or `conversion-exceeded` or `overloaded`. */
  run<R extends ConversionRequest>(request: R): Promise<ConversionResult<R>> {
    if (this.#closed) return Promise.reject(new ScriptoriumError('shutting-down'));
    if (this.#waiting.length >= this.#deps.queueMax) return Promise.reject(new ScriptoriumError('overloaded'));
    const { promise, resolve, reject } = Promise.withResolvers<ConversionResult>();
    this.#waiting.push({ id: (this.#lastId += 1), request, resolve, reject });
    this.#next();
    // The thread answers each kind as `runConversion` does.
    return promise as Promise<ConversionResult<R>>;
  }

  /** Gives up what waits and runs, and ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new ScriptoriumError('shutting-down');
    for (const job of this.#waiting.splice(0)) job.reject(error);
    this.#running?.reject(error);
    this.#running = null;
    this.#idle?.cancel();
    await this.#worker?.terminate();
  }

  #next(): void {
    if (this.#running !== null || this.#closed) return;
    const job = this.#waiting.shift();
    if (job === undefined) return this.#rest();
    this.#idle?.cancel();
    this.#running = job;
    const worker = (this.#worker ??= this.#start());
    const timer = this.#deps.clock.after(this.#deps.deadline, () => {
      this.#drop(worker, new ScriptoriumError('conversion-exceeded', `it took longer than ${this.#deps.deadline} ms`));
    });
    const settle = (answer: ConversionAnswer): void => {
      if (answer.id !== job.id) return;
      timer.cancel();
      worker.off('message', settle);
      this.#running = null;
      if ('result' in answer) job.resolve(answer.result);
      else job.reject(new ScriptoriumError(answer.code, answer.detail ?? undefined));
      this.#next();
    };
    worker.on('message', settle);
    const question: ConversionQuestion = { id: job.id, request: job.request };
    worker.postMessage(question);
  }

  /** Nothing waits: the thread is ended unless something comes. */
  #rest(): void {
    const worker = this.#worker;
    this.#idle?.cancel();
    if (worker === null) return;
    this.#idle = this.#deps.clock.after(this.#deps.idle ?? IDLE, () => {
      if (this.#running === null) this.#drop(worker, new ScriptoriumError('conversion-exceeded'));
    });
  }

  #start(): Worker {
    const worker = (this.#deps.startWorker ?? startConversionWorker)();
    // A thread that runs out of memory ends with an error.
    worker.on('error', (error) =>
      this.#drop(worker, new ScriptoriumError('conversion-exceeded', undefined, { cause: error })),
    );
    worker.on('exit', () => this.#drop(worker, new ScriptoriumError('conversion-exceeded')));
    worker.unref();
    return worker;
  }

  /** Leaves a thread behind, and what it worked on. */
  #drop(worker: Worker, error: ScriptoriumError): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    worker.terminate().catch(() => undefined);
    const job = this.#running;
    this.#running = null;
    job?.reject(error);
    this.#next();
  }
}

/** Starts the thread: the source beside this file or, in the built server, the bundle beside the main one. */
function startConversionWorker(): Worker {
  const name = import.meta.url.endsWith('.ts') ? './conversion-thread.ts' : './conversion-thread.mjs';
  return new Worker(new URL(name, import.meta.url), {
    name: 'conversion',
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX, maxYoungGenerationSizeMb: YOUNG_MAX },
  });
}
