import { decodeLogRow, encodeLogRow } from './log-row.ts';

/**
 * The row's payload with another actor in the place of one; `null` when that one has no part in it. Updates keep their
 * bytes and their order. Throws `document-quarantined` when the bytes are not a row.
 */
export function renameActor(payload: Uint8Array, from: string, to: string): Uint8Array | null {
  const segments = decodeLogRow(payload);
  if (!segments.some(({ actor }) => actor === from)) return null;
  return encodeLogRow(segments.map((segment) => (segment.actor === from ? { ...segment, actor: to } : segment)));
}
