import { sql } from 'kysely';
import type { HoldsBytes } from '../sql/replace-authorship.ts';

/** A parameter by itself could be text as well. */
export const holdsBytes: HoldsBytes = (column, bytes) => sql`position(${bytes}::bytea in ${column}) > 0`;
