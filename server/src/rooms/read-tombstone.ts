import { ScriptoriumError } from '../core/errors.ts';
import { parseStateVector } from '../core/update-state-vector.ts';

/** The clocks of a stored tombstone, by client. Throws `document-quarantined` when it cannot be read. */
export function readTombstone(encoded: Uint8Array | null): ReadonlyMap<number, number> {
  const clocks = encoded === null ? new Map<number, number>() : parseStateVector(encoded, Number.MAX_SAFE_INTEGER);
  if ('kind' in clocks) throw new ScriptoriumError('document-quarantined', 'the tombstone cannot be read');
  return clocks;
}
