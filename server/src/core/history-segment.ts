import * as decoding from 'lib0/decoding';
import { lengthOfVarUint, writeVarUint } from './var-uint.ts';

/** A row as history keeps it. */
export interface HistoryRow {
  readonly seq: number;
  /** Wall-clock milliseconds of its flush. */
  readonly at: number;
  /** The row's payload (`core/log-row.ts`), as it stood in the log. */
  readonly payload: Uint8Array;
}

/** A run of one document's rows without a gap. */
export interface HistoryRun {
  readonly documentId: number;
  /** In order; at least one. */
  readonly rows: readonly HistoryRow[];
}

/** SHA-256 of the bytes. Core does no cryptography of its own, so it is handed in. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** "SCHS": a segment can be told from anything else, wherever it is found. */
const MAGIC = [0x53, 0x43, 0x48, 0x53] as const;
const FORMAT = 1;
const SUM_BYTES = 32;

/**
 * Encodes a run of rows, before compression. Layout: magic, then as lib0 integers the format, the document, the first
 * sequence number and the number of rows; per row how its time differs from that of the row before (zigzag) and its
 * payload, length-prefixed; at the end the SHA-256 of all of that. A row's own checksum is the beginning of its
 * payload's SHA-256, so it is not stored: it would be the larger half of a short row, and nothing compresses it.
 */
export function encodeHistorySegment(run: HistoryRun, sha256: Sha256): Uint8Array {
  const head = [FORMAT, run.documentId, run.rows[0]?.seq ?? 0, run.rows.length];
  const steps = timeSteps(run.rows);
  const length =
    MAGIC.length +
    sumOf(head, lengthOfVarUint) +
    sumOf(steps, lengthOfVarUint) +
    sumOf(run.rows, ({ payload }) => lengthOfVarUint(payload.byteLength) + payload.byteLength);
  const out = new Uint8Array(length + SUM_BYTES);
  out.set(MAGIC);
  let at: number = MAGIC.length;
  for (const value of head) at = writeVarUint(out, at, value);
  for (const [index, { payload }] of run.rows.entries()) {
    at = writeVarUint(out, at, steps[index] ?? 0);
    at = writeVarUint(out, at, payload.byteLength);
    out.set(payload, at);
    at += payload.byteLength;
  }
  out.set(sha256(out.subarray(0, length)).subarray(0, SUM_BYTES), length);
  return out;
}

/** Decodes a segment, as views of its bytes; `null` when they are not exactly what some `encodeHistorySegment` made. */
export function decodeHistorySegment(bytes: Uint8Array, sha256: Sha256): HistoryRun | null {
  const length = bytes.byteLength - SUM_BYTES;
  if (length < MAGIC.length || MAGIC.some((byte, index) => bytes[index] !== byte)) return null;
  if (!isEqual(sha256(bytes.subarray(0, length)), bytes.subarray(length))) return null;
  try {
    return readRun(decoding.createDecoder(bytes.subarray(MAGIC.length, length)));
  } catch {
    return null;
  }
}

function readRun(decoder: decoding.Decoder): HistoryRun | null {
  if (decoding.readVarUint(decoder) !== FORMAT) return null;
  const documentId = decoding.readVarUint(decoder);
  const first = decoding.readVarUint(decoder);
  const count = decoding.readVarUint(decoder);
  const rows: HistoryRow[] = [];
  let at = 0;
  for (let seq = first; seq < first + count; seq += 1) {
    at += fromZigzag(decoding.readVarUint(decoder));
    rows.push({ seq, at, payload: decoding.readVarUint8Array(decoder) });
  }
  return decoding.hasContent(decoder) ? null : { documentId, rows };
}

/** Rows follow one another by milliseconds, so a difference takes a byte or two where a time takes six. */
function timeSteps(rows: readonly HistoryRow[]): readonly number[] {
  return rows.map(({ at }, index) => toZigzag(at - (rows[index - 1]?.at ?? 0)));
}

/** Nodes' clocks differ, so a time may lie before that of the row before. */
function toZigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

function fromZigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

function sumOf<T>(items: readonly T[], measure: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += measure(item);
  return sum;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, index) => byte === other[index]);
}
