import pg from 'pg';
import { ScriptoriumError } from '../../core/errors.ts';

/** A document of a Hocuspocus server: its name, and all of it as one Yjs V1 update. */
interface HocuspocusDocument {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Rows fetched at a time; a row holds a whole document. */
const PAGE = 50;
const DEADLINE = 30_000;
/** Bytes sort alike whatever the collation of the database is. */
const NEXT = `select name, data from documents where name collate "C" > $1 order by name collate "C" limit $2`;

/** Reads a table `documents` of a Hocuspocus server in PostgreSQL, page by page. Throws `storage-unavailable`. */
export async function* readHocuspocusDatabase(url: string): AsyncGenerator<HocuspocusDocument> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: DEADLINE, query_timeout: DEADLINE });
  // Told by the query that is under way.
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (let after = ''; ;) {
      const { rows } = await client.query<HocuspocusDocument>(NEXT, [after, PAGE]);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.name;
    }
  } catch (error) {
    const detail = `the other database cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new ScriptoriumError('storage-unavailable', detail, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
