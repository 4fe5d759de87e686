/** A message to a document's clients, on its way between nodes beside presence (`presence-relay.ts`). */

/** The version of presence's messages, and a kind that presence does not have. */
const HEAD = [1, 0x80] as const;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Encodes a message to clients for other nodes. */
export function encodeStatelessRelay(payload: string): Uint8Array {
  const text = new TextEncoder().encode(payload);
  const bytes = new Uint8Array(HEAD.length + text.byteLength);
  bytes.set(HEAD);
  bytes.set(text, HEAD.length);
  return bytes;
}

/** The message; `null` when the bytes are something else. */
export function decodeStatelessRelay(bytes: Uint8Array): string | null {
  if (bytes[0] !== HEAD[0] || bytes[1] !== HEAD[1]) return null;
  try {
    return decoder.decode(bytes.subarray(HEAD.length));
  } catch {
    return null;
  }
}
