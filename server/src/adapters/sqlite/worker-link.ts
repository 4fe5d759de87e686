import type { Worker } from 'node:worker_threads';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import { toPortError } from './sqlite-failures.ts';
import type { Failure, LogProtocol, Protocol, WorkerRequest, WorkerResponse } from './sqlite-messages.ts';

/** Milliseconds after which a request is given up: the disk hangs, or a statement never should have been sent. */
const DEADLINE = 10_000;

export interface WorkerLinkDeps {
  readonly worker: Worker;
  readonly clock: Clock;
  /** Called once when the worker is gone; `cause` is null when it went because it was told to. */
  readonly onEnd: (cause: Error | null) => void;
}

/** The worker could not open the database. */
export class UnusableDatabaseError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

type AnswerOf<P extends Protocol> = P['answers'][keyof P['answers']];

interface Waiting<P extends Protocol> {
  readonly since: number;
  readonly resolve: (answer: AnswerOf<P>) => void;
  readonly reject: (error: Error) => void;
}

/** Requests and answers over one worker's life. */
export class WorkerLink<P extends Protocol = LogProtocol> {
  readonly ready: Promise<void>;
  /** Resolves when the worker is gone, whatever the reason. */
  readonly ended: Promise<void>;
  readonly #deps: WorkerLinkDeps;
  /** In the order of sending, which is the order of the answers. */
  readonly #waiting = new Map<number, Waiting<P>>();
  #lastId = 0;
  #deadline: Timer | null = null;
  /** The last request whose caller was told that there is no answer; until it comes, nothing else is sent. */
  #overdueId = 0;
  #state: 'up' | 'closing' | 'gone' = 'up';

  constructor(deps: WorkerLinkDeps) {
    this.#deps = deps;
    const opened = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.ready = opened.promise;
    // Whoever asks for it hears of a failure; nobody has to.
    this.ready.catch(() => undefined);
    deps.worker.on('message', (response: WorkerResponse<P>) => {
      if (response.kind === 'ready') opened.resolve();
      else if (response.kind === 'unusable') opened.reject(new UnusableDatabaseError(response.failure));
      else this.#take(response);
    });
    deps.worker.on('error', (error: Error) => this.#end(error, opened.reject));
    deps.worker.on('exit', (code) => {
      this.#end(new Error(`the worker ended with ${code}`), opened.reject);
      ended.resolve();
    });
  }

  /** Whether a request sent now would be worked on. */
  get responsive(): boolean {
    return this.#state === 'up' && this.#overdueId === 0;
  }

  /** Sends a command; rejects with `storage-unavailable` when no answer comes. */
  send<Kind extends P['command']['kind'] & keyof P['answers']>(
    command: Extract<P['command'], { readonly kind: Kind }>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<P['answers'][Kind]> {
    // A rollback is sent whatever happens, since what it ends would otherwise stay open in the worker.
    if (!this.responsive && (command.kind !== 'rollback' || this.#state !== 'up')) return Promise.reject(unavailable());
    const request: WorkerRequest<P> = { id: (this.#lastId += 1), command };
    if (command.kind === 'close') this.#state = 'closing';
    const { promise, resolve, reject } = Promise.withResolvers<AnswerOf<P>>();
    this.#waiting.set(request.id, { since: this.#deps.clock.monotonic(), resolve, reject });
    this.#deps.worker.postMessage(request, [...transfer]);
    this.#watch();
    // The worker answers each command with the answer of its kind.
    return promise as Promise<P['answers'][Kind]>;
  }

  /** Ends a worker that does not end by itself. */
  async terminate(): Promise<void> {
    await this.#deps.worker.terminate();
  }

  #take(response: Extract<WorkerResponse<P>, { readonly id: number }>): void {
    if (response.id === this.#overdueId) this.#overdueId = 0;
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (response.kind === 'answer') waiting?.resolve(response.answer);
    else waiting?.reject(toPortError(response.failure));
  }

  /** One timer serves all requests, since the oldest is always the first. */
  #watch(): void {
    if (this.#deadline !== null) return;
    this.#deadline = this.#deps.clock.after(DEADLINE, () => {
      this.#deadline = null;
      this.#giveUpOverdue();
      if (this.#waiting.size > 0) this.#watch();
    });
  }

  #giveUpOverdue(): void {
    const [oldest] = this.#waiting.values();
    if (oldest === undefined || this.#deps.clock.monotonic() - oldest.since < DEADLINE) return;
    // Those behind it cannot be answered before it, so they need not wait for their own deadline.
    for (const id of this.#waiting.keys()) this.#overdueId = id;
    this.#rejectAll();
  }

  #rejectAll(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(unavailable());
  }

  #end(cause: Error, rejectReady: (error: Error) => void): void {
    if (this.#state === 'gone') return;
    const expected = this.#state === 'closing';
    this.#state = 'gone';
    this.#deadline?.cancel();
    rejectReady(cause);
    this.#rejectAll();
    this.#deps.onEnd(expected ? null : cause);
  }
}

function unavailable(): ScriptoriumError {
  return new ScriptoriumError('storage-unavailable', 'the database does not answer');
}
