import SqliteDatabase, { type Database } from 'better-sqlite3';
import { migrate } from './migrate.ts';

/** Kilobytes of pages that SQLite keeps; the system's own file cache does the rest. */
const CACHE_KILOBYTES = 4_096;
/** What is left of the write-ahead log's file after a burst, in bytes. */
const JOURNAL_BYTES = 64 * 1024 * 1024;
/** Milliseconds to wait for a lock. Nobody else ever shares the file, so a lock means another process. */
const LOCK_TIMEOUT = 100;

/**
 * Opens the database for this process alone, durable to the disk at each commit, at the newest schema. Throws
 * SQLite's error, or `NewerDatabaseError`.
 */
export function openDatabase(file: string): Database {
  const database = new SqliteDatabase(file, { timeout: LOCK_TIMEOUT });
  try {
    // Before the journal mode: an exclusive connection keeps the index of the log in its own memory, and a second
    // process then fails at its first read. The lock is the operating system's and dies with the process.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    // The build's default for WAL is NORMAL, which may lose the last commits when the machine goes down.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = OFF');
    database.pragma(`cache_size = -${CACHE_KILOBYTES}`);
    database.pragma(`journal_size_limit = ${JOURNAL_BYTES}`);
    // The worker checkpoints by itself, when nobody waits for the answer.
    database.pragma('wal_autocheckpoint = 0');
    database.exec('begin exclusive; commit');
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
