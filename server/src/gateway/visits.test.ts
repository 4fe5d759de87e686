import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { NewEvent } from '../ports/outbox.ts';
import type { Session } from './session.ts';
import { createVisits } from './visits.ts';

/** As much of a session as visits look at. */
function session(user: string, documentId = 1): Session {
  return {
    user,
    name: 'notes',
    room: { documentId },
    identity: { tenant: 'default', displayName: user.toUpperCase() },
  } as unknown as Session;
}

function createWorld() {
  const clock = createFakeClock();
  const told: NewEvent[] = [];
  const visits = createVisits({ clock, tell: (event) => void told.push(event) });
  return { clock, visits, told: () => told.map(({ type, user, documentId }) => [type, user, documentId]) };
}

describe('[HOOK16] who comes and goes', () => {
  it('is told of once, however many sessions they have', () => {
    const { clock, visits, told } = createWorld();
    const [one, two] = [session('ada'), session('ada')];
    visits.noteJoined(one);
    visits.noteJoined(two);
    visits.noteJoined(session('ben'));
    visits.noteJoined(session('ada', 2));
    visits.noteLeft(one);
    clock.advance(60_000);
    visits.noteLeft(two);
    clock.advance(4_999);
    expect(told()).toEqual([
      ['user.joined', 'ada', 1],
      ['user.joined', 'ben', 1],
      ['user.joined', 'ada', 2],
    ]);
    clock.advance(1);
    expect(told().at(-1)).toEqual(['user.left', 'ada', 1]);
  });

  it('a reload is no departure', () => {
    const { clock, visits, told } = createWorld();
    const one = session('ada');
    visits.noteJoined(one);
    visits.noteLeft(one);
    clock.advance(1_000);
    visits.noteJoined(session('ada'));
    clock.advance(60_000);
    expect(told()).toEqual([['user.joined', 'ada', 1]]);
    expect(clock.pendingTimers).toBe(0);
  });
});
