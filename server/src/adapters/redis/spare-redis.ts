import { circuitBreaker, type CircuitBreakerPolicy, CircuitState, CountBreaker, handleAll } from 'cockatiel';
import { CIRCUIT, RETRIES } from '../../core/circuit-values.ts';
import type { Logger } from '../../ports/telemetry.ts';

export interface SpareRedisDeps {
  /** What is read, for the log. */
  readonly reads: string;
  readonly log: Logger;
  /** Milliseconds for which nothing is asked; tests make it short or long. */
  readonly openFor?: number | undefined;
}

/** Reads of Redis that are left out while it fails, so that nobody waits for what is known to be away. */
export interface SparedReads {
  /** Asks, unless it is left out now. Throws what the question throws, and cockatiel's `BrokenCircuitError` where it is left out. */
  ask<T>(question: () => Promise<T>): Promise<T>;
  /** Whether Redis answers, as far as is known. */
  readonly isWell: boolean;
}

/**
 * Makes the circuit of one kind of reads. No question is asked again: whatever is read here can be had otherwise in less
 * time than the pause before a second attempt would take.
 */
export function spareRedis({ reads, log, openFor = CIRCUIT.openFor }: SpareRedisDeps): SparedReads {
  const circuit: CircuitBreakerPolicy = circuitBreaker(handleAll, {
    breaker: new CountBreaker(CIRCUIT.breaker),
    halfOpenAfter: openFor,
    halfOpenSampling: CIRCUIT.halfOpen,
  });
  circuit.onBreak(() => log.warn('redis_reads_spared', { reads, milliseconds: openFor }));
  circuit.onReset(() => log.info('redis_reads_back', { reads }));
  return {
    ask: (question) => circuit.execute(question),
    get isWell() {
      return circuit.state === CircuitState.Closed;
    },
  };
}

/** Milliseconds before a connection is opened again, after so many attempts; `random` is in [0, 1). */
export function reconnectDelay(attempt: number, random: number): number {
  return random * Math.min(RETRIES.most, RETRIES.first * 2 ** Math.min(attempt, 10));
}
