/** Bounds on one history segment. Reading a single row unpacks all of its segment, so segments are not made larger. */
const SEGMENT_BYTES = 1024 * 1024;
const SEGMENT_ROWS = 8_192;

/** A row that may be archived. */
export interface ArchivableRow {
  readonly seq: number;
  readonly payload: { readonly byteLength: number };
}

/** Whether so many rows and bytes are all that one segment takes. */
export function fillsSegment(rows: readonly ArchivableRow[]): boolean {
  return rows.length >= SEGMENT_ROWS || bytesOf(rows) >= SEGMENT_BYTES;
}

/**
 * How many of the rows, which follow one another, the next segment takes: as many as fit, at least one. Each segment
 * costs a request or two of the object store, so few bytes wait for more; `everything` takes them all the same, since
 * old rows must not wait for ever.
 */
export function planSegment(rows: readonly ArchivableRow[], everything: boolean): number {
  let bytes = 0;
  for (const [index, { payload }] of rows.entries()) {
    bytes += payload.byteLength;
    if (bytes > SEGMENT_BYTES) return Math.max(1, index);
    if (index + 1 === SEGMENT_ROWS) return SEGMENT_ROWS;
  }
  return everything || bytes >= SEGMENT_BYTES / 4 || rows.length >= SEGMENT_ROWS / 4 ? rows.length : 0;
}

function bytesOf(rows: readonly ArchivableRow[]): number {
  return rows.reduce((sum, { payload }) => sum + payload.byteLength, 0);
}
