import type { Clock, Timer } from '../ports/clock.ts';
import type { NewEvent } from '../ports/outbox.ts';
import type { Session } from './session.ts';

/** Who is in which document on this node, so that others can be told when somebody comes and goes. */
export interface Visits {
  noteJoined(session: Session): void;
  noteLeft(session: Session): void;
}

/** Milliseconds in which somebody may come back without having left: a reload, a line that broke. */
const RETURN_WITHIN = 5_000;

interface Visit {
  sessions: number;
  leaving: Timer | null;
}

/** Tells of each person once, however many sessions they have in the document on this node. */
export function createVisits(deps: { readonly clock: Clock; readonly tell: (event: NewEvent) => void }): Visits {
  const { clock, tell } = deps;
  const visits = new Map<string, Visit>();
  const keyOf = ({ room, user }: Session): string => `${room.documentId} ${user}`;
  const toEvent = (session: Session, type: 'user.joined' | 'user.left'): NewEvent => ({
    tenant: session.identity.tenant,
    documentId: session.room.documentId,
    name: session.name,
    type,
    at: clock.now(),
    user: session.user,
    facts: { name: session.identity.displayName },
  });
  return {
    noteJoined: (session) => {
      const key = keyOf(session);
      const visit = visits.get(key);
      if (visit !== undefined) {
        visit.sessions += 1;
        visit.leaving?.cancel();
        visit.leaving = null;
        return;
      }
      visits.set(key, { sessions: 1, leaving: null });
      tell(toEvent(session, 'user.joined'));
    },
    noteLeft: (session) => {
      const key = keyOf(session);
      const visit = visits.get(key);
      if (visit === undefined) return;
      visit.sessions -= 1;
      if (visit.sessions > 0) return;
      visit.leaving = clock.after(RETURN_WITHIN, () => {
        visits.delete(key);
        tell(toEvent(session, 'user.left'));
      });
    },
  };
}
