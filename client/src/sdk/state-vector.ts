import { decodeStateVector, encodeStateVector, type Doc } from 'yjs';

/** Next expected clock per clientID. */
export type StateVector = ReadonlyMap<number, number>;

/** The state vector of a document. What waits for something that is missing does not count. */
export function readStateVector(document: Doc): StateVector {
  return decodeStateVector(encodeStateVector(document));
}

/** Reads a state vector from base64 of Yjs's encoding; `null` when it is none. */
export function parseStateVector(base64: string): StateVector | null {
  try {
    const text = atob(base64);
    return decodeStateVector(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** Whether whoever has the first state vector lacks nothing of the second. */
export function coversVector(whole: StateVector, part: StateVector): boolean {
  for (const [client, clock] of part) {
    if ((whole.get(client) ?? 0) < clock) return false;
  }
  return true;
}
