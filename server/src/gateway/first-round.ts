import type { Clock } from '../ports/clock.ts';
import type { Session } from './session.ts';

/** Milliseconds of silence after which a client is taken for one that answers no SyncStep1. */
const SILENCE = 5_000;

/**
 * Holds a session's answers back from its first sync frame on, whichever that is, until the client's first SyncStep2 is
 * durable: it carries all that the client brought along, and a returning client counts that as one change. A client that
 * never sends one (no stock client does so) gets its answers once its connection has been silent for a while.
 */
export function beginFirstRound(clock: Clock, session: Session): void {
  if (session.firstRound !== 'awaited') return;
  session.firstRound = 'begun';
  session.ledger.closeGate();
  let heard = session.socket.bytesRead;
  const watch = (): void => {
    if (session.ended || session.firstRound === 'done') return;
    if (!session.socket.reading || session.socket.bytesRead !== heard) {
      heard = session.socket.bytesRead;
      clock.after(SILENCE, watch);
      return;
    }
    session.ledger.openGate(session.room.submitted);
    session.releaseAnswers();
  };
  clock.after(SILENCE, watch);
}

/** The client's first SyncStep2 is in: what is owed waits until all of it is durable. */
export function endFirstRound(session: Session): void {
  if (session.firstRound === 'done') return;
  session.firstRound = 'done';
  session.ledger.openGate(session.room.submitted);
}
