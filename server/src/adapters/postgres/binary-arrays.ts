/**
 * PostgreSQL's binary form of one-dimensional arrays (`array_recv` in src/backend/utils/adt/arrayfuncs.c): dimensions,
 * whether there are nulls, the elements' type, length and lower bound, then each element behind its length. As text, an
 * array of byte strings takes twice the bytes and quoting on both sides.
 */

const OID = { int8: 20, bytea: 17, text: 25 } as const;
const HEADER_BYTES = 20;
const EMPTY_HEADER_BYTES = 12;
const NULL_LENGTH = -1;

/** For a parameter `bigint[]`. */
export function encodeBigintArray(values: readonly number[]): Buffer {
  const { buffer, start } = allocate(OID.int8, values.length, values.length * 8);
  let offset = start;
  for (const value of values) {
    offset = buffer.writeInt32BE(8, offset);
    offset = buffer.writeBigInt64BE(BigInt(value), offset);
  }
  return buffer;
}

/** For a parameter `bytea[]`. */
export function encodeBytesArray(values: readonly (Uint8Array | null)[]): Buffer {
  return encodeElements(OID.bytea, values);
}

/** For a parameter `text[]`. */
export function encodeTextArray(values: readonly string[]): Buffer {
  return encodeElements(
    OID.text,
    values.map((value) => Buffer.from(value, 'utf8')),
  );
}

function encodeElements(oid: number, values: readonly (Uint8Array | null)[]): Buffer {
  const bytes = values.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0);
  const { buffer, start } = allocate(oid, values.length, bytes);
  let offset = start;
  for (const value of values) {
    offset = buffer.writeInt32BE(value?.byteLength ?? NULL_LENGTH, offset);
    if (value === null) continue;
    buffer.set(value, offset);
    offset += value.byteLength;
  }
  return buffer;
}

function allocate(oid: number, length: number, bytes: number): { readonly buffer: Buffer; readonly start: number } {
  const buffer = Buffer.allocUnsafe(length === 0 ? EMPTY_HEADER_BYTES : HEADER_BYTES + length * 4 + bytes);
  let offset = buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  offset = buffer.writeInt32BE(1, offset);
  offset = buffer.writeInt32BE(oid, offset);
  if (length === 0) return { buffer, start: offset };
  offset = buffer.writeInt32BE(length, offset);
  return { buffer, start: buffer.writeInt32BE(1, offset) };
}
