import { ScriptoriumError } from '../core/errors.ts';
import { makeObjectKey, type ObjectPlace } from '../core/object-key.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectRegister } from '../ports/object-register.ts';
import type { StoredPlace } from '../ports/snapshot-pointer.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import { readStored } from '../rooms/read-stored.ts';

export interface StoreDeps {
  readonly register: ObjectRegister;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
}

/** Milliseconds after which a registered key that nothing names is taken for garbage. */
const INTENT_LIFETIME = 60 * 60 * 1_000;

/**
 * Writes an object so that a crash at any point leaves either garbage that the register knows or an object that may be
 * published: its key is registered first, and it is read back and compared before anybody hears of it. Throws
 * `storage-unavailable` when it does not read back as it was written.
 */
export async function storeObject(
  deps: StoreDeps,
  object: Omit<ObjectPlace, 'sha256'>,
  content: { readonly bytes: Uint8Array; readonly sha256: string },
): Promise<StoredPlace> {
  const { bytes, sha256 } = content;
  const key = makeObjectKey({ ...object, sha256 }, deps.clock.random());
  await deps.register.register(object.documentId, key, deps.clock.now() + INTENT_LIFETIME);
  await deps.snapshots.put(key, bytes);
  const place = { kind: 'object', key } as const;
  const read = await readStored(deps.snapshots, place, { bytes: bytes.byteLength, sha256 });
  if (read.kind === 'unavailable') throw read.error;
  if (read.kind === 'damaged') {
    throw new ScriptoriumError('storage-unavailable', 'an object reads back other than it was written');
  }
  return place;
}

/**
 * Removes an object that was not published: its key is never used again, so nobody else can have named it. What cannot
 * be removed now is left to the sweeper, which knows the key.
 */
export async function discardObject(deps: StoreDeps, place: StoredPlace): Promise<void> {
  if (place.kind === 'object') await deps.snapshots.remove(place.key).catch(() => undefined);
}
