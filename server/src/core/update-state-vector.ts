import { ScriptoriumError } from './errors.ts';
import { defaultUpdateLimits } from './limits.ts';
import { UpdateReader } from './update-reader.ts';
import { catchRefusal, RefusedBytes, refuse, type Refusal } from './update-refusal.ts';

/**
 * Parses an encoded Yjs state vector of a client: clientID to next expected clock. Refuses more than `maxEntries`,
 * a clientID that comes twice, and bytes left over.
 */
export function parseStateVector(
  bytes: Uint8Array,
  maxEntries = defaultUpdateLimits.stateVectorEntries,
): ReadonlyMap<number, number> | Refusal {
  return catchRefusal(() => readStateVector(new UpdateReader(bytes, 0, 'malformed-message'), maxEntries));
}

function readStateVector(reader: UpdateReader, maxEntries: number): ReadonlyMap<number, number> {
  const count = reader.readCount(2);
  if (count > maxEntries) throw new RefusedBytes(refuse('limit-exceeded', 'the state vector has too many entries'));
  const clocks = new Map<number, number>();
  for (let index = 0; index < count; index += 1) {
    const client = reader.readVarUint();
    if (clocks.has(client)) reader.malformed('the state vector names a client twice');
    clocks.set(client, reader.readVarUint());
  }
  if (reader.left !== 0) reader.malformed('bytes are left over');
  return clocks;
}

/** Decodes a state vector of our own, such as a tombstone; throws `document-quarantined` when it is none. */
export function decodeStateVector(bytes: Uint8Array): ReadonlyMap<number, number> {
  const parsed = parseStateVector(bytes, Infinity);
  if ('kind' in parsed) throw new ScriptoriumError('document-quarantined', 'a stored state vector is damaged');
  return parsed;
}
