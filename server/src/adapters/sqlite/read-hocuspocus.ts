import Database from 'better-sqlite3';
import { ScriptoriumError } from '../../core/errors.ts';

/** A document of a Hocuspocus server: its name, and all of it as one Yjs V1 update. */
interface HocuspocusDocument {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Reads the table `documents` of Hocuspocus's SQLite extension, a row at a time. Throws `not-found` for what is no such file. */
export function* readHocuspocusFile(file: string): Generator<HocuspocusDocument> {
  let database: Database.Database | null = null;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true });
    const rows = database.prepare<[], HocuspocusDocument>('select name, data from documents order by name');
    yield* rows.iterate();
  } catch (error) {
    if (!(error instanceof Database.SqliteError) && !(error instanceof TypeError)) throw error;
    throw new ScriptoriumError('not-found', `${file} cannot be read: ${error.message}`, { cause: error });
  } finally {
    database?.close();
  }
}
