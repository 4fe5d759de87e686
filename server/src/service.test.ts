import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../test/support/silent-telemetry.ts';
import { drainServices, drainTogether, withDeadline, type Service } from './service.ts';

const never = (): Promise<void> => new Promise(() => {});

function fixture() {
  const clock = createFakeClock();
  const given = new Map<string, number>();
  const service = (name: string, drain: () => Promise<void> = () => Promise.resolve()): Service => ({
    name,
    drain: (milliseconds) => {
      given.set(name, milliseconds);
      return drain();
    },
  });
  /** Runs the drains while time passes. */
  const drain = async (services: readonly Service[], within: number) => {
    const done = drainServices({ clock, log: createSilentTelemetry().log }, services, within);
    for (let step = 0; step < within; step += 100) {
      await clock.settle();
      clock.advance(100);
    }
    // Whatever is not over by now never will be.
    return { unfinished: await done };
  };
  return { clock, given, service, drain };
}

describe('draining', () => {
  it('[OPS40] services are drained in order, and what finishes in time is no longer waited for', async () => {
    const { given, service, drain } = fixture();
    expect((await drain([service('first'), service('second')], 10_000)).unfinished).toEqual([]);
    expect([...given.keys()]).toEqual(['first', 'second']);
    expect(given.get('second')).toBe(10_000);
  });

  it('[OPS40] one that hangs is left behind at its deadline, whatever it hangs on, and the others have their time', async () => {
    const { given, service, drain } = fixture();
    const services = [service('hangs', never), service('writer'), service('hangs too', never), service('store')];
    const { unfinished } = await drain(services, 10_000);
    expect(unfinished).toEqual(['hangs', 'hangs too']);
    expect([...given.keys()]).toEqual(['hangs', 'writer', 'hangs too', 'store']);
    expect(given.get('hangs')).toBeLessThan(10_000);
    expect(given.get('store')).toBeGreaterThan(0);
  });

  it('[OPS40] all of them together take no longer than they may', async () => {
    const { service, drain } = fixture();
    const services = Array.from({ length: 6 }, (_, index) => service(`hanging ${index}`, never));
    const { unfinished } = await drain(services, 3_000);
    expect(unfinished).toHaveLength(6);
  });

  it('[OPS40] of however many, the first has half of the time, and the last has some', async () => {
    const { given, service, drain } = fixture();
    const services = Array.from({ length: 40 }, (_, index) => service(`${index}`, never));
    expect((await drain(services, 10_000)).unfinished).toHaveLength(40);
    expect(given.get('0')).toBeGreaterThanOrEqual(5_000);
    for (const milliseconds of given.values()) expect(milliseconds).toBeGreaterThan(0);
  });

  it('[OPS40] one that throws, at once or later, stops nobody', async () => {
    const { given, service, drain } = fixture();
    const throws = service('throws', () => {
      throw new Error('at once');
    });
    const rejects = service('rejects', () => Promise.reject(new Error('later')));
    const { unfinished } = await drain([throws, rejects, service('store')], 1_000);
    expect(unfinished).toEqual(['throws', 'rejects']);
    expect(given.has('store')).toBe(true);
  });

  it('[OPS40] services drained together are all drained, also when one of them fails', async () => {
    const { given, service, drain } = fixture();
    const rejects = service('rejects', () => Promise.reject(new Error('no')));
    const { unfinished } = await drain([drainTogether('front', [rejects, service('other')])], 1_000);
    expect(unfinished).toEqual(['front']);
    expect(given.has('other')).toBe(true);
  });

  it('[OPS40] work that is late may fail later without anybody minding', async () => {
    const { clock } = fixture();
    const { promise, reject } = Promise.withResolvers<void>();
    const outcome = withDeadline(clock, 100, promise);
    clock.advance(100);
    expect(await outcome).toEqual({ kind: 'late' });
    reject(new Error('too late'));
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});
