import { describe, expect, it } from 'vitest';
import { createSilentTelemetry } from '../../../test/support/silent-telemetry.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import { guardSnapshots } from './guarded-snapshots.ts';

function createStore(openFor: number) {
  const state = { away: false, calls: 0 };
  const answer = async <T>(value: T): Promise<T> => {
    state.calls += 1;
    if (state.away) throw new ScriptoriumError('storage-unavailable', 'no answer');
    return value;
  };
  const store = guardSnapshots({
    log: createSilentTelemetry().log,
    openFor,
    store: { put: () => answer(undefined), get: () => answer(null), remove: () => answer(undefined) },
  });
  return { store, state };
}

const codeOf = (error: unknown) => (error instanceof ScriptoriumError ? error.code : 'none');

describe('[OPS130] an object store that fails is spared', () => {
  it('after five of ten failures it is not asked for a while, and the answer is the one of a store that is away', async () => {
    const { store, state } = createStore(60_000);
    for (let call = 0; call < 5; call += 1) await store.get('a');
    state.away = true;
    for (let call = 0; call < 5; call += 1) expect(await store.get('a').catch(codeOf)).toBe('storage-unavailable');
    state.calls = 0;
    state.away = false;
    for (const call of [() => store.get('a'), () => store.put('a', Uint8Array.of(1)), () => store.remove('a')]) {
      expect(await call().catch(codeOf)).toBe('storage-unavailable');
    }
    expect(state.calls).toBe(0);
  });

  it('it is asked again afterwards, and used as before once it answers', async () => {
    const { store, state } = createStore(5);
    state.away = true;
    for (let call = 0; call < 10; call += 1) await store.get('a').catch(codeOf);
    state.away = false;
    await waitUntil('it is asked again', async () => (await store.get('a').catch(codeOf)) === null);
    for (let call = 0; call < 20; call += 1) await store.get('a').catch(codeOf);
    expect(await store.get('a')).toBeNull();
  });

  it('what is missing, and what is wrong with a single call, counts for nothing', async () => {
    let calls = 0;
    const store = guardSnapshots({
      log: createSilentTelemetry().log,
      store: {
        put: () => Promise.resolve(),
        remove: () => Promise.resolve(),
        get: () => {
          calls += 1;
          return Promise.reject(new ScriptoriumError('internal', 'not a key'));
        },
      },
    });
    for (let call = 0; call < 30; call += 1) expect(await store.get('..').catch(codeOf)).toBe('internal');
    expect(calls).toBe(30);
  });
});
