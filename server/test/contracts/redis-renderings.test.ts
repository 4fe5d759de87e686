import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisRenderings } from '../../src/adapters/redis/redis-renderings.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { RenderingKey, RenderingStore } from '../../src/ports/rendering-store.ts';
import { findPort } from '../services/process.ts';
import { missing, newRedisSpace } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { waitUntil } from '../support/wait-until.ts';

const KEY: RenderingKey = { documentId: 7, createdAt: 1, epoch: 2, seq: 3, format: 'html' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | null): string | null => (found === null ? null : new TextDecoder().decode(found));

function open(
  url: string,
  prefix: string,
  more: { readonly version?: number; readonly openFor?: number } = {},
): RenderingStore {
  return createRedisRenderings({
    url,
    prefix,
    version: 1,
    ...more,
    clock: createSystemClock(),
    telemetry: createSilentTelemetry(),
  });
}

describe.skipIf(missing.redis)('[CONT53] renderings in Redis', () => {
  const space = newRedisSpace();
  const stores: RenderingStore[] = [];
  let one: RenderingStore;
  let two: RenderingStore;

  beforeAll(async () => {
    for (let count = 0; count < 2; count += 1) stores.push(open(space.url, space.prefix));
    [one, two] = [stores[0]!, stores[1]!];
    await put(one, { ...KEY, documentId: 1 }, 'ready');
    await put(two, { ...KEY, documentId: 2 }, 'ready');
  });
  afterAll(async () => {
    for (const store of stores) await store.drain(0);
  });

  /** What is put before the connection is there is dropped, so it is put until it is there. */
  async function put(store: RenderingStore, key: RenderingKey, text: string): Promise<void> {
    await waitUntil('it is there', async () => {
      store.put(key, bytes(text));
      return textOf(await store.get(key)) === text;
    });
  }

  it('what one node has put another one finds, for that very state and format', async () => {
    await put(one, KEY, 'Hello');
    expect(textOf(await two.get(KEY))).toBe('Hello');
    for (const other of [
      { seq: 4 },
      { seq: 31 },
      { epoch: 1 },
      { createdAt: 2 },
      { documentId: 8 },
      { format: 'json' },
    ] as const) {
      expect(await two.get({ ...KEY, ...other })).toBeNull();
    }
  });

  it('the newest takes the place of the one before, and all of a document can be forgotten', async () => {
    await put(one, KEY, 'old');
    await put(one, { ...KEY, seq: 4 }, 'new');
    expect([await two.get(KEY), textOf(await two.get({ ...KEY, seq: 4 }))]).toEqual([null, 'new']);
    expect(await one.forget(KEY.documentId)).toBe(1);
    expect(await one.forget(KEY.documentId)).toBe(0);
    expect(await two.get({ ...KEY, seq: 4 })).toBeNull();
  });

  it('a node whose renderings look otherwise takes none of them', async () => {
    await put(one, KEY, 'Hello');
    const other = open(space.url, space.prefix, { version: 2 });
    stores.push(other);
    await put(other, { ...KEY, documentId: 3 }, 'ready');
    expect(await other.get(KEY)).toBeNull();
  });

  it('a Redis that is away knows nothing, at once', async () => {
    const away = open(`redis://127.0.0.1:${await findPort()}`, space.prefix);
    stores.push(away);
    away.put(KEY, bytes('x'));
    expect(await away.get(KEY)).toBeNull();
    await expect(away.forget(KEY.documentId)).rejects.toMatchObject({ code: 'storage-unavailable' });
  });

  it.each([
    ['for half a minute', 600_000],
    ['and again after that', 100],
  ])('[REST261] a Redis that fails is not asked, %s', async (_, openFor) => {
    const redis = new Redis(space.url);
    const sparing = open(space.url, space.prefix, { openFor });
    stores.push(sparing);
    await put(sparing, { ...KEY, documentId: 4 }, 'ready');
    // Redis answers a read of these with an error, on a connection that is as good as before.
    await redis.rpush(`${space.prefix}:rendering:5:html`, 'no rendering');
    for (let count = 0; count < 10; count += 1) expect(await sparing.get({ ...KEY, documentId: 5 })).toBeNull();
    await put(one, KEY, 'Hello');
    if (openFor > 100) expect(await sparing.get(KEY)).toBeNull();
    else await waitUntil('it is read again', async () => textOf(await sparing.get(KEY)) === 'Hello');
    redis.disconnect();
  });
});
