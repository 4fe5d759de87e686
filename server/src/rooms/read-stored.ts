import { toScriptoriumError } from '../core/errors.ts';
import type { StoredPlace } from '../ports/snapshot-pointer.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import { sha256Hex } from './checksum.ts';

/** What became of reading something that has a checksum. A store that is away says nothing about what it holds. */
export type StoredRead =
  | { readonly kind: 'intact'; readonly bytes: Uint8Array }
  | { readonly kind: 'damaged'; readonly missing: boolean }
  | { readonly kind: 'unavailable'; readonly error: Error };

/** Size and SHA-256 (hex) that the index promises. */
export interface Promised {
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a snapshot or segment from where it is, and compares it with what the index promises. */
export async function readStored(
  snapshots: SnapshotStore,
  place: StoredPlace | null,
  promised: Promised,
): Promise<StoredRead> {
  let bytes: Uint8Array | null;
  try {
    bytes = await fetchBytes(snapshots, place);
  } catch (error) {
    const known = toScriptoriumError(error);
    if (known.code === 'storage-unavailable') return { kind: 'unavailable', error: known };
    throw error;
  }
  if (bytes === null) return { kind: 'damaged', missing: true };
  const isIntact = bytes.byteLength === promised.bytes && (await sha256Hex(bytes)) === promised.sha256;
  return isIntact ? { kind: 'intact', bytes } : { kind: 'damaged', missing: false };
}

function fetchBytes(snapshots: SnapshotStore, place: StoredPlace | null): Promise<Uint8Array | null> {
  if (place === null) return Promise.resolve(null);
  return place.kind === 'inline' ? Promise.resolve(place.content) : snapshots.get(place.key);
}
