import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createNodeRateWindows } from '../../src/access/node-rate-windows.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { openRedisRateWindows } from '../../src/adapters/redis/rate-windows.ts';
import type { RateWindow, RateWindows } from '../../src/ports/rate-windows.ts';
import { startFaultProxy } from '../services/fault-proxy.ts';
import { missing, newRedisSpace } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

const clock = createSystemClock();
const { log } = createSilentTelemetry();
const WAIT = { timeout: 30_000, interval: 50 };

const openNode = (): RateWindows => createNodeRateWindows({ clock });
const openShared = (space: { readonly url: string; readonly prefix: string }): RateWindows =>
  openRedisRateWindows({ ...space, clock, log, own: openNode() });

/** Waits until two nodes take from one window, which is when both are connected; until then each counts for itself. */
async function meet(one: RateWindows, two: RateWindows): Promise<void> {
  const name = `meet-${performance.now()}`;
  const windows = [one, two].map((it) => it.open({ name, points: 1_000, seconds: 60, counts: 'fitting' }));
  let met = 0;
  await vi.waitFor(async () => {
    met += 1;
    const left = [await windows[0]?.take(`${met}`, 1), await windows[1]?.take(`${met}`, 1)];
    expect(left.map((it) => it?.remaining)).toEqual([999, 998]);
  }, WAIT);
}

/** A take that was allowed: when it was asked for, and when that was known. */
interface Allowed {
  readonly asked: number;
  readonly known: number;
}

/** Takes single points until so many were allowed. */
async function takeMany(window: RateWindow, allowed: Allowed[], until: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (allowed.length < until && performance.now() < deadline) {
    const asked = performance.now();
    const taken = await window.take('ada', 1);
    if (taken.allowed) allowed.push({ asked, known: performance.now() });
    else await sleep(5);
  }
}

/** The most that was surely allowed within any second. */
function mostInASecond(allowed: readonly Allowed[]): number {
  return Math.max(
    ...allowed.map((first) => allowed.filter((it) => it.asked >= first.asked && it.known < first.asked + 1_000).length),
  );
}

function describeRateWindows(name: string, open: () => Promise<RateWindows>): void {
  describe(`rate windows: ${name}`, () => {
    let windows: RateWindows;
    beforeAll(async () => {
      windows = await open();
    });
    afterAll(() => {
      windows.close();
    });

    it('[REST65] a key has its points in a window, apart from other keys and names', async () => {
      const [window, other] = ['a', 'b'].map((it) =>
        windows.open({ name: it, points: 5, seconds: 60, counts: 'fitting' }),
      );
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
      const window = windows.open({ name: 'short', points: 1, seconds: 1, counts: 'fitting' });
      await window.take('ada', 1);
      expect((await window.take('ada', 1)).allowed).toBe(false);
      await vi.waitFor(async () => expect((await window.take('ada', 1)).allowed).toBe(true), WAIT);
    });

    it('[REST270] a burst over an edge passes no more than any other: so many in any second', async () => {
      const window = windows.open({ name: 'edge', points: 20, seconds: 1, counts: 'fitting' });
      const allowed: Allowed[] = [];
      // A window that began with the first would end right behind the others.
      await takeMany(window, allowed, 1);
      await sleep(900);
      await takeMany(window, allowed, 20);
      await takeMany(window, allowed, 60);
      expect(allowed.length).toBe(60);
      expect(mostInASecond(allowed)).toBeLessThanOrEqual(20);
    });

    it('[REST271] what is refused counts where it was spent before, and only there', async () => {
      for (const [counts, left] of [
        ['fitting', true],
        ['all', false],
      ] as const) {
        const window = windows.open({ name: `counts-${counts}`, points: 5, seconds: 60, counts });
        expect((await window.take('ada', 3)).allowed).toBe(true);
        const refused = await window.take('ada', 4);
        expect(refused).toMatchObject({ allowed: false, remaining: 0 });
        expect(refused.resetAfter).toBeGreaterThan(30_000);
        expect((await window.take('ada', 1)).allowed).toBe(left);
      }
    });
  });
}

describeRateWindows('one node', () => Promise.resolve(openNode()));

describe.skipIf(missing.redis)('rate windows that nodes share', () => {
  describeRateWindows('Redis', async () => {
    const space = newRedisSpace();
    const [windows, other] = [openShared(space), openShared(space)];
    await meet(windows, other);
    other.close();
    return windows;
  });

  it('[REST66] two nodes take from one window', async () => {
    const space = newRedisSpace();
    const [first, second] = [openShared(space), openShared(space)];
    await meet(first, second);
    const [one, two] = [first, second].map((it) =>
      it.open({ name: 'shared', points: 10, seconds: 60, counts: 'fitting' }),
    );
    await one?.take('ada', 6);
    expect(await two?.take('ada', 6)).toMatchObject({ allowed: false });
    for (const node of [first, second]) node.close();
  });

  it('[REST67] while Redis hangs or is away, each node counts for itself, and answers soon', async () => {
    const { url, prefix } = newRedisSpace();
    const proxy = await startFaultProxy(Number(new URL(url).port));
    const windows = openShared({ url: `redis://127.0.0.1:${proxy.port}`, prefix });
    const other = openShared({ url, prefix });
    await meet(windows, other);
    other.close();
    const window = windows.open({ name: 'alone', points: 3, seconds: 60, counts: 'fitting' });
    proxy.setMode({ kind: 'black-hole', direction: 'to-server' });
    const taken = [];
    for (let count = 0; count < 4; count += 1) taken.push((await window.take('ada', 1)).allowed);
    expect(taken).toEqual([true, true, true, false]);
    windows.close();
    await proxy.dispose();
  });

  it('[REST272] the loss of Redis is no second allowance: a node goes on from what was taken through it', async () => {
    const { url, prefix } = newRedisSpace();
    const proxy = await startFaultProxy(Number(new URL(url).port));
    const windows = openShared({ url: `redis://127.0.0.1:${proxy.port}`, prefix });
    const elsewhere = openShared({ url, prefix });
    await meet(windows, elsewhere);
    const [window, other] = [windows, elsewhere].map((it) =>
      it.open({ name: 'lost', points: 6, seconds: 60, counts: 'fitting' }),
    );
    await other?.take('ada', 2);
    const before = [await window?.take('ada', 2), await window?.take('ada', 1)];
    expect(before.map((it) => it?.remaining)).toEqual([2, 1]);
    proxy.setMode({ kind: 'black-hole', direction: 'to-server' });
    expect(await window?.take('ada', 3)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await window?.take('ada', 1)).toMatchObject({ allowed: false });
    for (const it of [windows, elsewhere]) it.close();
    await proxy.dispose();
  });

  it.each([
    ['for half a minute, in which it counts for itself', 600_000],
    ['and again after that', 100],
  ])('[REST261] a node does not ask a Redis that fails, %s', async (_, openFor) => {
    const space = newRedisSpace();
    const redis = new Redis(space.url);
    const sparing = openRedisRateWindows({ ...space, clock, log, own: openNode(), openFor });
    const window = sparing.open({ name: 'spared', points: 100, seconds: 600, counts: 'fitting' });
    const keyOf = (key: string): string => `${space.prefix}:limit:spared:${key}:fitting`;
    const isCounted = async (key: string): Promise<boolean> => {
      await window.take(key, 1);
      return (await redis.exists(keyOf(key))) === 1;
    };
    await vi.waitFor(async () => expect(await isCounted('warm')).toBe(true), WAIT);
    // Redis answers these with an error, on a connection that is as good as before.
    const broken = Array.from({ length: 10 }, (_unused, at) => `broken${at}`);
    for (const key of broken) await redis.rpush(keyOf(key), 'no number');
    for (const key of broken) expect(await window.take(key, 1)).toMatchObject({ allowed: true, remaining: 99 });
    if (openFor > 100) expect(await isCounted('later')).toBe(false);
    else await vi.waitFor(async () => expect(await isCounted('later')).toBe(true), WAIT);
    sparing.close();
    redis.disconnect();
  });
});
