import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  ExponentialBackoff,
  fullJitterGenerator,
  handleWhen,
  type IPolicy,
  retry,
  wrap,
} from 'cockatiel';
import { MeilisearchApiError, MeilisearchRequestError } from 'meilisearch';
import { CIRCUIT, RETRIES } from '../../core/circuit-values.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import type { Logger } from '../../ports/telemetry.ts';

export interface SparedEngineDeps {
  readonly log: Logger;
  /** Milliseconds for which nothing is searched after calls failed. */
  readonly openFor?: number;
}

/**
 * An engine that nobody has to wait for while it fails: searches are answered with cockatiel's `BrokenCircuitError` then.
 * Whoever keeps the index goes on trying, with pauses of its own that are far shorter, and what gets through to it tells
 * that the engine is back: so searches need not find that out, and what changed meanwhile is found within a minute.
 */
export class SparedEngine {
  readonly #deps: SparedEngineDeps;
  readonly #again = retry(handleWhen(isWorthAnotherTry), {
    maxAttempts: RETRIES.attempts - 1,
    backoff: new ExponentialBackoff({
      initialDelay: RETRIES.first,
      maxDelay: RETRIES.most,
      generator: fullJitterGenerator,
    }),
  });
  #circuit: CircuitBreakerPolicy;
  #patientCircuit: IPolicy;

  constructor(deps: SparedEngineDeps) {
    this.#deps = deps;
    this.#circuit = this.#createCircuit();
    this.#patientCircuit = wrap(this.#circuit, this.#again);
  }

  #createCircuit(): CircuitBreakerPolicy {
    const { log, openFor = CIRCUIT.openFor } = this.#deps;
    const circuit = circuitBreaker(handleWhen(isOutage), {
      breaker: new CountBreaker(CIRCUIT.breaker),
      halfOpenAfter: openFor,
      halfOpenSampling: CIRCUIT.halfOpen,
    });
    circuit.onBreak(() => log.warn('search_engine_spared', { milliseconds: openFor }));
    circuit.onReset(() => log.info('search_engine_back'));
    return circuit;
  }

  /** Asks for somebody who searches; a failure that was told at once is tried again. */
  search<T>(question: () => Promise<T>): Promise<T> {
    return this.#patientCircuit.execute(question);
  }

  /** Asks for whoever keeps the index, whatever is known of the engine. */
  async keep<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isClosed()) return this.#circuit.execute(question);
    const answer = await question();
    // Another call may have found the same meanwhile.
    if (!this.#isClosed()) this.#close();
    return answer;
  }

  #isClosed(): boolean {
    return this.#circuit.state === CircuitState.Closed;
  }

  #close(): void {
    this.#circuit = this.#createCircuit();
    this.#patientCircuit = wrap(this.#circuit, this.#again);
    this.#deps.log.info('search_engine_back');
  }
}

/** Whether a failure says something about the engine, not about what was asked of it. */
function isOutage(error: unknown): boolean {
  if (error instanceof MeilisearchApiError) return error.response.status >= 500;
  return !(error instanceof ScriptoriumError && error.code === 'internal');
}

/** Failures that came at once. After one that took the whole time of a call nobody waits for another. */
function isWorthAnotherTry(error: unknown): boolean {
  return isOutage(error) && (error instanceof MeilisearchApiError || error instanceof MeilisearchRequestError);
}
