import { sql } from 'kysely';
import type { HoldsBytes } from '../sql/replace-authorship.ts';

/** `instr` compares bytes where both are blobs. */
export const holdsBytes: HoldsBytes = (column, bytes) => sql`instr(${column}, ${bytes}) > 0`;
