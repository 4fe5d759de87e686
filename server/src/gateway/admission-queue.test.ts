import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createAdmissionQueue } from './admission-queue.ts';

function fixture(atOnce = 2) {
  const clock = createFakeClock();
  const queue = createAdmissionQueue(clock, { atOnce, patience: 10_000, workTime: 5_000 });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const abandoned: string[] = [];
  const outcomes = new Map<string, string>();
  const ask = (socket: object, name: string): void => {
    const work = (): Promise<string> => {
      begun.push(name);
      return new Promise((resolve) => {
        ends.set(name, () => {
          resolve(name);
        });
      });
    };
    queue
      .run(socket, work, (result) => void abandoned.push(result))
      .then(
        () => outcomes.set(name, 'in'),
        (error: { code: string }) => outcomes.set(name, error.code),
      );
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await clock.settle();
  };
  return { clock, queue, begun, ask, end, abandoned, outcomes };
}

describe('admission queue', () => {
  it('[SOCK11] no more are let in at the same moment than the limit allows, in turn by socket', async () => {
    const { begun, ask, end, queue, outcomes } = fixture();
    const [many, one, other] = [{}, {}, {}];
    for (const name of ['m1', 'm2', 'm3', 'm4']) ask(many, name);
    ask(one, 'o1');
    ask(other, 'p1');
    expect(begun).toEqual(['m1', 'm2']);
    expect(queue.waiting).toBe(4);
    for (const name of ['m1', 'm2', 'm3', 'o1', 'p1', 'm4']) await end(name);
    expect(begun).toEqual(['m1', 'm2', 'm3', 'o1', 'p1', 'm4']);
    expect([...outcomes.values()]).toEqual(Array.from({ length: 6 }, () => 'in'));
    expect(queue.waiting).toBe(0);
  });

  it('[SOCK12] who waits too long is told that the server is full, and takes no place', async () => {
    const { clock, begun, ask, end, outcomes, queue } = fixture(1);
    ask({}, 'first');
    ask({}, 'late');
    clock.advance(4_000);
    await clock.settle();
    ask({}, 'patient');
    clock.advance(6_000);
    await clock.settle();
    expect(outcomes.get('late')).toBe('overloaded');
    expect(queue.waiting).toBe(1);
    await end('first');
    expect(begun).toEqual(['first', 'patient']);
  });

  it('[SOCK12] work that hangs is given up, keeps its place until it ends, and its result is taken back', async () => {
    const { clock, begun, ask, end, outcomes, abandoned } = fixture(1);
    ask({}, 'hangs');
    ask({}, 'next');
    clock.advance(5_000);
    await clock.settle();
    expect(outcomes.get('hangs')).toBe('storage-unavailable');
    expect(begun).toEqual(['hangs']);
    await end('hangs');
    expect(abandoned).toEqual(['hangs']);
    expect(begun).toEqual(['hangs', 'next']);
  });
});
