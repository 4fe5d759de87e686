import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { withDeadline } from '../service.ts';

/** Milliseconds that a caller waits for what is on its way to the log, and for another change of the same document. */
const PATIENCE = 5_000;

/** One at a time for each document: changes of its identity, and edits by programs. */
export interface DocumentTurns {
  /** Waits for one's turn; the returned function ends it. Throws `storage-unavailable` when it does not come in time. */
  take(documentId: DocumentId): Promise<() => void>;
}

export function createDocumentTurns(clock: Clock): DocumentTurns {
  const last = new Map<DocumentId, Promise<void>>();
  return {
    async take(documentId) {
      const before = last.get(documentId) ?? Promise.resolve();
      const mine = Promise.withResolvers<void>();
      const ended = before
        .then(() => mine.promise)
        .then(() => {
          if (last.get(documentId) === ended) last.delete(documentId);
        });
      last.set(documentId, ended);
      try {
        await inTime(clock, before);
      } catch (error) {
        // Whoever comes next still waits for those before.
        mine.resolve();
        throw error;
      }
      return mine.resolve;
    },
  };
}

/** What the work comes to, within the patience of a caller. Throws `storage-unavailable` when it is late. */
export async function inTime<T>(clock: Clock, work: Promise<T>): Promise<T> {
  const outcome = await withDeadline(clock, PATIENCE, work);
  if (outcome.kind === 'late')
    throw new ScriptoriumError('storage-unavailable', 'what is on its way to the store has not arrived there');
  return outcome.value;
}
