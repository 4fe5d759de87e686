import { hash, subtle } from 'node:crypto';

/** Bytes from which on a checksum is made in another thread: so much takes this one two milliseconds. */
const LARGE = 1024 * 1024;
/** Bytes of a payload's SHA-256 that its row keeps. */
const ROW_SUM_BYTES = 16;

/** SHA-256 of the bytes, hex, without holding up the event loop over large ones. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (bytes.byteLength < LARGE) return hash('sha256', bytes, 'hex');
  // Web Crypto takes no view of a shared buffer, and copies what it is given.
  const digest = await subtle.digest('SHA-256', bytes);
  return Buffer.from(digest).toString('hex');
}

/** SHA-256 of the bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

/** The checksum that a row with this payload has. */
export function rowSum(payload: Uint8Array): Uint8Array {
  return sha256(payload).subarray(0, ROW_SUM_BYTES);
}

/** Whether that is a row's checksum. As a string of bytes the digest needs no memory outside of the heap. */
export function isRowSum(payload: Uint8Array, sum: Uint8Array): boolean {
  if (sum.length !== ROW_SUM_BYTES) return false;
  const digest = hash('sha256', payload, 'binary');
  return sum.every((byte, index) => byte === digest.charCodeAt(index));
}
