import { describe, expect, test } from 'vitest';
import { createPromiseCache } from './promise-cache.ts';

/** A store of numbers whose answers a test gives by hand. */
function createStore() {
  const waiting: { resolve(value: number | null): void; reject(error: Error): void }[] = [];
  const load = () =>
    new Promise<number | null>((resolve, reject) => {
      waiting.push({ resolve, reject });
    });
  return { waiting, load };
}

describe('[AUTH42] what a node remembers of the stores', () => {
  test('a question that is on its way is asked once', async () => {
    const { waiting, load } = createStore();
    const cache = createPromiseCache<number | null>(10);
    const answers = [cache.get('a', load), cache.get('a', load)];
    expect(waiting).toHaveLength(1);
    waiting[0]?.resolve(7);
    expect(await Promise.all(answers)).toEqual([7, 7]);
    expect(await cache.get('a', load)).toBe(7);
    expect(waiting).toHaveLength(1);
  });

  test('an answer that was on its way when its key was dropped is not kept', async () => {
    const { waiting, load } = createStore();
    const cache = createPromiseCache<number | null>(10);
    const early = cache.get('a', load);
    cache.drop('a');
    const late = cache.get('a', load);
    waiting[1]?.resolve(2);
    waiting[0]?.resolve(1);
    expect([await early, await late, await cache.get('a', load)]).toEqual([1, 2, 2]);
    expect(waiting).toHaveLength(2);
  });

  test('an answer that fails, or is nothing, is not kept; a newer one is not lost to it', async () => {
    const { waiting, load } = createStore();
    const cache = createPromiseCache<number | null>(10);
    const failing = cache.get('a', load);
    cache.drop('a');
    const good = cache.get('a', load);
    waiting[1]?.resolve(2);
    waiting[0]?.reject(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    expect([await good, await cache.get('a', load)]).toEqual([2, 2]);
    const none = cache.get('b', load);
    waiting[2]?.resolve(null);
    expect(await none).toBeNull();
    await Promise.resolve();
    expect(cache.has('b')).toBe(false);
  });

  test('it holds so many, and the least recently used goes first', async () => {
    const cache = createPromiseCache<string>(2);
    const get = (key: string) => cache.get(key, () => Promise.resolve(key));
    for (const key of ['a', 'b', 'a', 'c']) await get(key);
    expect(['a', 'b', 'c'].map((key) => cache.has(key))).toEqual([true, false, true]);
  });
});
