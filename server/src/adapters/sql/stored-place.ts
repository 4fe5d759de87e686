import { hash } from 'node:crypto';
import { ScriptoriumError } from '../../core/errors.ts';
import type { StoredPlace } from '../../ports/snapshot-pointer.ts';

/** Two columns of which exactly one is set. */
export interface PlaceColumns {
  readonly key: string | null;
  readonly content: Uint8Array | null;
}

export function toColumns(place: StoredPlace): PlaceColumns {
  return place.kind === 'object' ? { key: place.key, content: null } : { key: null, content: place.content };
}

/** Reads the columns back; `null` where neither is set, which only a damaged database has. */
export function toPlace({ key, content }: PlaceColumns): StoredPlace | null {
  if (key !== null) return { kind: 'object', key };
  return content === null ? null : { kind: 'inline', content };
}

/** Checks inline bytes that were read back in the transaction that wrote them. Throws, so that it is rolled back. */
export function checkReadBack(content: Uint8Array | null | undefined, sha256: string): void {
  if (!(content instanceof Uint8Array) || hash('sha256', content, 'hex') !== sha256) {
    throw new ScriptoriumError('storage-unavailable', 'inline bytes read back other than they were written');
  }
}
