import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/**
 * Merges encoded Yjs state vectors; of two clocks of one client the larger wins. The encoding is Yjs's own: the number
 * of clients, then client and clock of each, larger clients first. Throws when the bytes are not a state vector.
 */
export function mergeStateVectors(vectors: readonly (Uint8Array | null)[]): Uint8Array {
  const clocks = new Map<number, number>();
  for (const vector of vectors) {
    if (vector !== null) addClocks(clocks, vector);
  }
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, clocks.size);
  for (const [client, clock] of [...clocks].toSorted((left, right) => right[0] - left[0])) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
  }
  return encoding.toUint8Array(encoder);
}

function addClocks(clocks: Map<number, number>, vector: Uint8Array): void {
  const decoder = decoding.createDecoder(vector);
  for (let left = decoding.readVarUint(decoder); left > 0; left -= 1) {
    const client = decoding.readVarUint(decoder);
    const clock = decoding.readVarUint(decoder);
    clocks.set(client, Math.max(clock, clocks.get(client) ?? 0));
  }
}
