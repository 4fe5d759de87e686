import { ScriptoriumError } from '../../core/errors.ts';

/** The values that a page ended at, as an opaque text. */
export function encodeListCursor(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values), 'utf8').toString('base64url');
}

/** Reads a cursor back as texts and numbers by example of their types; throws `bad-request` for what is none. */
export function decodeListCursor(
  cursor: string,
  types: readonly ('string' | 'number')[],
): readonly (string | number)[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(values) &&
      values.length === types.length &&
      values.every((value, index) => typeof value === types[index])
    )
      return values as (string | number)[];
  } catch {
    // Told below, as any other text that is no cursor.
  }
  throw new ScriptoriumError('bad-request', 'the cursor is not valid');
}
