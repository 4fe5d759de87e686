import { ScriptoriumError } from '../../src/core/errors.ts';
import { isObjectKey, type SnapshotStore } from '../../src/ports/snapshot-store.ts';
import type { Immediate } from './memory-documents.ts';

/** Objects in memory, one call at a time; `objects` is what would lie on the disk, for a test to damage. */
export function createMemorySnapshots(objects: Map<string, Uint8Array>): Immediate<SnapshotStore> {
  const checked = (key: string): string => {
    if (!isObjectKey(key)) throw new ScriptoriumError('internal', 'not a plain key');
    return key;
  };
  return {
    put: (key, bytes) => void objects.set(checked(key), new Uint8Array(bytes)),
    get: (key) => {
      const bytes = objects.get(checked(key));
      return bytes === undefined ? null : new Uint8Array(bytes);
    },
    remove: (key) => void objects.delete(checked(key)),
  };
}
