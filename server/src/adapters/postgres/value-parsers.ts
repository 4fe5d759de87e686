import pg from 'pg';

const { builtins, getTypeParser } = pg.types;

type TypeParser = (text: string) => unknown;

/** How values come back: numbers for all that counts, byte strings with memory of their own, the rest as `pg` does. */
const PARSERS: ReadonlyMap<number, TypeParser> = new Map<number, TypeParser>([
  // Ids, sequence numbers and milliseconds stay below 2^53; `sum` of them is numeric.
  [builtins.INT8, Number],
  [builtins.NUMERIC, Number],
  [builtins.BYTEA, parseBytes],
  // A day of the server's, not a moment in this process's time zone.
  [builtins.DATE, String],
]);

/** The `types` of a `pg` pool, which asks for text only. */
export const valueParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid: number): TypeParser => PARSERS.get(oid) ?? (getTypeParser(oid) as TypeParser),
};

/** The hex form, `\x` first. A buffer of Node's pool would be shared with others, and could not be handed on. */
function parseBytes(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) / 2);
  Buffer.from(bytes.buffer).write(text.slice(2), 'hex');
  return bytes;
}
