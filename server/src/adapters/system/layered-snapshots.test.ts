import { expect, it } from 'vitest';
import type { SnapshotStore } from '../../ports/snapshot-store.ts';
import { layerSnapshots } from './layered-snapshots.ts';

function inMemory(): SnapshotStore & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    put: async (key, bytes) => void objects.set(key, bytes),
    get: async (key) => objects.get(key) ?? null,
    remove: async (key) => void objects.delete(key),
  };
}

it('[SNAP40] what was written before there was a bucket is read and removed where it is', async () => {
  const [bucket, files] = [inMemory(), inMemory()];
  await files.put('old', new Uint8Array([1]));
  const store = layerSnapshots(bucket, files);
  await store.put('new', new Uint8Array([2]));
  expect([await store.get('old'), await store.get('new'), await store.get('none')]).toEqual([
    new Uint8Array([1]),
    new Uint8Array([2]),
    null,
  ]);
  expect([[...bucket.objects.keys()], [...files.objects.keys()]]).toEqual([['new'], ['old']]);
  await store.remove('old');
  await store.remove('new');
  expect([bucket.objects.size, files.objects.size]).toEqual([0, 0]);
});
