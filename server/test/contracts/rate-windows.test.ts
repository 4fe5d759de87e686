import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createInProcessRateWindows } from '../../src/adapters/in-process/rate-windows.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { openRedisRateWindows } from '../../src/adapters/redis/rate-windows.ts';
import type { RateWindows } from '../../src/ports/rate-windows.ts';
import { startFaultProxy } from '../services/fault-proxy.ts';
import { missing, newRedisSpace } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

const clock = createSystemClock();
const { log } = createSilentTelemetry();
const WAIT = { timeout: 30_000, interval: 50 };

function describeRateWindows(name: string, open: () => RateWindows): void {
  describe(`rate windows: ${name}`, () => {
    let windows: RateWindows;
    beforeAll(() => {
      windows = open();
    });
    afterAll(() => {
      windows.close();
    });

    it('[REST65] a key has its points in a window, apart from other keys and names', async () => {
      const [window, other] = ['a', 'b'].map((it) => windows.open({ name: it, points: 5, seconds: 60 }));
      const seen = [];
      for (const points of [2, 3, 1]) seen.push(await window?.take('ada', points));
      expect(seen.map((it) => [it?.allowed, it?.remaining])).toEqual([
        [true, 3],
        [true, 0],
        [false, 0],
      ]);
      expect(seen[2]?.resetAfter).toBeGreaterThan(30_000);
      expect(await window?.take('ben', 1)).toMatchObject({ allowed: true, remaining: 4 });
      expect(await other?.take('ada', 1)).toMatchObject({ allowed: true, remaining: 4 });
    });

    it('[REST65] all points are there again when the window is over', async () => {
      const window = windows.open({ name: 'short', points: 1, seconds: 1 });
      await window.take('ada', 1);
      expect((await window.take('ada', 1)).allowed).toBe(false);
      await vi.waitFor(async () => expect((await window.take('ada', 1)).allowed).toBe(true), WAIT);
    });
  });
}

describeRateWindows('one node', createInProcessRateWindows);

describe.skipIf(missing.redis)('rate windows that nodes share', () => {
  describeRateWindows('Redis', () => openRedisRateWindows({ ...newRedisSpace(), clock, log }));

  it('[REST66] two nodes take from one window', async () => {
    const space = newRedisSpace();
    const nodes = [openRedisRateWindows({ ...space, clock, log }), openRedisRateWindows({ ...space, clock, log })];
    const [one, two] = nodes.map((it) => it.open({ name: 'shared', points: 10, seconds: 60 }));
    // Until both are connected, each counts for itself.
    await vi.waitFor(async () => {
      await one?.take('warm', 1);
      expect((await two?.take('warm', 1))?.remaining).toBeLessThan(9);
    }, WAIT);
    await one?.take('ada', 6);
    expect(await two?.take('ada', 6)).toMatchObject({ allowed: false });
    for (const node of nodes) node.close();
  });

  it('[REST67] while Redis hangs or is away, each node counts for itself, and answers soon', async () => {
    const { url, prefix } = newRedisSpace();
    const proxy = await startFaultProxy(Number(new URL(url).port));
    const windows = openRedisRateWindows({ clock, log, url: `redis://127.0.0.1:${proxy.port}`, prefix });
    const window = windows.open({ name: 'alone', points: 3, seconds: 60 });
    await window.take('warm', 1);
    proxy.setMode({ kind: 'black-hole', direction: 'to-server' });
    const taken = [];
    for (let count = 0; count < 4; count += 1) taken.push((await window.take('ada', 1)).allowed);
    expect(taken).toEqual([true, true, true, false]);
    windows.close();
    await proxy.dispose();
  });

  it.each([
    ['for half a minute, in which it counts for itself', 600_000],
    ['and again after that', 100],
  ])('[REST261] a node does not ask a Redis that fails, %s', async (_, openFor) => {
    const space = newRedisSpace();
    const redis = new Redis(space.url);
    const sparing = openRedisRateWindows({ ...space, clock, log, openFor });
    const window = sparing.open({ name: 'spared', points: 100, seconds: 600 });
    const isCounted = async (key: string): Promise<boolean> => {
      await window.take(key, 1);
      return (await redis.exists(`${space.prefix}:limit:spared:${key}`)) === 1;
    };
    await vi.waitFor(async () => expect(await isCounted('warm')).toBe(true), WAIT);
    // Redis answers these with an error, on a connection that is as good as before.
    const broken = Array.from({ length: 10 }, (_unused, at) => `broken${at}`);
    for (const key of broken) await redis.rpush(`${space.prefix}:limit:spared:${key}`, 'no number');
    for (const key of broken) expect(await window.take(key, 1)).toMatchObject({ allowed: true, remaining: 99 });
    if (openFor > 100) expect(await isCounted('later')).toBe(false);
    else await vi.waitFor(async () => expect(await isCounted('later')).toBe(true), WAIT);
    sparing.close();
    redis.disconnect();
  });
});
