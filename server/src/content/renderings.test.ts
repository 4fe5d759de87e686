import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { RenderingKey, RenderingStore } from '../ports/rendering-store.ts';
import { createByteCache } from './byte-cache.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { compress, negotiateCoding } from './compress.ts';
import { createRenderings } from './renderings.ts';

const KEY: RenderingKey = { documentId: 1, createdAt: 1, epoch: 1, seq: 1, format: 'html' };
const clock = createFakeClock();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('[CONT50] renderings', () => {
  it('are made once however many ask, and not again for the same state', async () => {
    const renderings = createRenderings({ maxBytes: 10_000, shared: null, clock });
    let made = 0;
    const render = async (): Promise<Uint8Array> => {
      await Promise.resolve();
      made += 1;
      return bytes(`${made}`);
    };
    const all = await Promise.all(Array.from({ length: 20 }, () => renderings.get(KEY, render)));
    expect([made, new Set(all).size, renderings.peek(KEY)]).toEqual([1, 1, all[0]]);
    await renderings.get(KEY, render);
    expect(made).toBe(1);
    for (const other of [{ seq: 2 }, { epoch: 2 }, { format: 'json' }, { documentId: 2 }] as const) {
      expect(renderings.peek({ ...KEY, ...other })).toBeUndefined();
      await renderings.get({ ...KEY, ...other }, render);
    }
    expect(made).toBe(5);
  });

  it('that fail are made again, and fail nobody else', async () => {
    const renderings = createRenderings({ maxBytes: 10_000, shared: null, clock });
    await expect(renderings.get(KEY, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect((await renderings.get(KEY, () => Promise.resolve(bytes('yes')))).bytes.toString()).toBe('yes');
  });

  it('are taken from the other nodes, and given to them', async () => {
    const kept = new Map<number, Uint8Array>();
    const shared: RenderingStore = {
      get: ({ seq }) => Promise.resolve(kept.get(seq) ?? null),
      put: ({ seq }, rendering) => void kept.set(seq, rendering),
      forget: () => Promise.resolve(0),
      drain: () => Promise.resolve(),
    };
    const [one, two] = [1, 2].map(() => createRenderings({ maxBytes: 1e4, shared, clock }));
    await one!.get(KEY, () => Promise.resolve(bytes('made')));
    const found = await two!.get(KEY, () => Promise.reject(new Error('must not be asked')));
    expect(found.bytes.toString()).toBe('made');
  });

  it('are compressed once in each coding, and small ones not at all', async () => {
    const renderings = createRenderings({ maxBytes: 1e5, shared: null, clock });
    const text = 'word '.repeat(1_000);
    const large = await renderings.get(KEY, () => Promise.resolve(bytes(text)));
    const [br, zstd] = [large.encode('br'), large.encode('zstd')];
    expect(large.encode('br')).toBe(br);
    expect(brotliDecompressSync((await br) ?? '').toString()).toBe(text);
    expect(zstdDecompressSync((await zstd) ?? '').toString()).toBe(text);
    const small = await renderings.get({ ...KEY, seq: 2 }, () => Promise.resolve(bytes('word')));
    expect(small.encode('br')).toBeNull();
  });
});

describe('[CONT150] renderings of an erased document', () => {
  it('are let go of, one that is being made too, and those of others stay', async () => {
    const put: number[] = [];
    const shared: RenderingStore = {
      get: () => Promise.resolve(null),
      put: ({ seq }) => void put.push(seq),
      forget: () => Promise.resolve(0),
      drain: () => Promise.resolve(),
    };
    const renderings = createRenderings({ maxBytes: 1e4, shared, clock });
    const other = { ...KEY, documentId: 2 };
    for (const key of [KEY, { ...KEY, format: 'json' }, other] as const) {
      await renderings.get(key, () => Promise.resolve(bytes('words')));
    }
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const late = renderings.get({ ...KEY, seq: 2 }, () => promise);
    expect(renderings.forget(KEY.documentId)).toBe(2);
    resolve(bytes('words'));
    expect((await late).bytes.toString()).toBe('words');
    expect(renderings.peek(KEY)).toBeUndefined();
    expect(renderings.peek({ ...KEY, seq: 2 })).toBeUndefined();
    expect(renderings.peek(other)).toBeDefined();
    expect(put).not.toContain(2);
  });

  it('are gone after ten minutes on nodes that did not hear of it', async () => {
    const ours = createFakeClock();
    const renderings = createRenderings({ maxBytes: 1e4, shared: null, clock: ours });
    await renderings.get(KEY, () => Promise.resolve(bytes('words')));
    ours.advance(9 * 60_000);
    await renderings.get({ ...KEY, seq: 2 }, () => Promise.resolve(bytes('words')));
    ours.advance(60_000);
    renderings.tidy();
    expect([renderings.peek(KEY), renderings.peek({ ...KEY, seq: 2 }) === undefined]).toEqual([undefined, false]);
  });
});

describe('[CONT51] the cache', () => {
  it('lets go of what was not used for the longest time when its bytes are used up', () => {
    const cache = createByteCache<string>(100);
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, key, 25);
    cache.get('a');
    cache.set('e', 'e', 25);
    expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key) !== undefined)).toEqual(['a', 'c', 'd', 'e']);
    cache.set('a', 'A', 20);
    expect(cache.get('a')).toBe('A');
  });

  it('does not take what would drive out many', () => {
    const cache = createByteCache<string>(100);
    cache.set('a', 'a', 26);
    expect(cache.get('a')).toBeUndefined();
    const none = createByteCache<string>(0);
    none.set('a', 'a', 1);
    expect(none.get('a')).toBeUndefined();
  });
});

describe('[CONT52] codings', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5, zstd;q=0.9', 'zstd'],
    ['br;q=0, *', 'zstd'],
    ['*', 'br'],
    ['identity;q=1, br;q=0.5', null],
    ['br;q=x', null],
    ['deflate', null],
  ])('%j asks for %j', (header, coding) => {
    expect(negotiateCoding(header)).toBe(coding);
  });

  it('gzip is read back', async () => {
    expect(gunzipSync(await compress(bytes('Hello'), 'gzip')).toString()).toBe('Hello');
  });
});
