/** When something failed lately, and until when it is left alone. Times are monotonic milliseconds. */
export interface Circuit {
  readonly failures: readonly number[];
  readonly openUntil: number;
}

export interface CircuitLimits {
  /** Failures within `within` milliseconds that open it for `rest` milliseconds. */
  readonly failures: number;
  readonly within: number;
  readonly rest: number;
}

export const CLOSED: Circuit = { failures: [], openUntil: -Infinity };

/** Takes note of a failure. */
export function noteFailure(circuit: Circuit, limits: CircuitLimits, now: number): Circuit {
  const failures = [...circuit.failures.filter((at) => now - at < limits.within), now];
  if (failures.length < limits.failures) return { ...circuit, failures };
  return { failures: [], openUntil: now + limits.rest };
}

/** Whether it is left alone now. */
export function isOpen(circuit: Circuit, now: number): boolean {
  return now < circuit.openUntil;
}
