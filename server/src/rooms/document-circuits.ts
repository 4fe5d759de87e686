import { CLOSED, isOpen, noteFailure, type Circuit } from '../core/circuit-breaker.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';

/** Leaves documents alone that fail again and again in ways that nobody foresaw, so that they cost nobody else anything. */
export interface DocumentCircuits {
  /** Throws `document-failing` while the document is left alone. */
  check(documentId: DocumentId): void;
  /** Takes note of an error; one of the shared table is a foreseen outcome and does not count. */
  note(documentId: DocumentId, error: unknown): void;
}

const LIMITS = { failures: 3, within: 60_000, rest: 30_000 } as const;
/** Documents whose failures are remembered. */
const DOCUMENTS = 1_000;

export function createDocumentCircuits(deps: {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}): DocumentCircuits {
  const circuits = new Map<DocumentId, Circuit>();
  return {
    check(documentId) {
      const circuit = circuits.get(documentId);
      if (circuit !== undefined && isOpen(circuit, deps.clock.monotonic()))
        throw new ScriptoriumError('document-failing');
    },
    note(documentId, error) {
      if (error instanceof ScriptoriumError && error.code !== 'internal') return;
      const { log, metrics } = deps.telemetry;
      const now = deps.clock.monotonic();
      const circuit = noteFailure(circuits.get(documentId) ?? CLOSED, LIMITS, now);
      circuits.delete(documentId);
      circuits.set(documentId, circuit);
      const [oldest] = circuits.keys();
      if (circuits.size > DOCUMENTS && oldest !== undefined) circuits.delete(oldest);
      metrics.count('document_failures_total');
      log.error('document_failed', { documentId, open: isOpen(circuit, now) }, error);
    },
  };
}
