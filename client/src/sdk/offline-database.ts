/** Object stores of the database of one user on one server. */
export const STORES = {
  /** Updates of all documents, in the order in which they came: `UpdateRow`. */
  updates: 'updates',
  /** One row per change that the server has not confirmed: `ChangeRow`. */
  changes: 'changes',
  /** What is known of a document: `DocumentRow`, by name. */
  documents: 'documents',
} as const;

/** Index of `updates` and `changes` by the document's name. */
const BY_DOCUMENT = 'document';

export interface UpdateRow {
  readonly document: string;
  readonly update: Uint8Array;
}

export interface ChangeRow {
  readonly document: string;
}

export interface DocumentRow {
  readonly name: string;
  /** Incarnation that the copy belongs to; `null` while the server has not been met. */
  readonly epoch: number | null;
}

/** Whose copies a database holds. */
export interface DatabaseOwner {
  /** Address of the server. */
  readonly server: string;
  readonly user: string;
}

const VERSION = 1;
const PREFIX = 'scriptorium';

function nameDatabase({ server, user }: DatabaseOwner): string {
  return `${PREFIX} ${server} ${user}`;
}

/** Opens the database, and makes it where there is none. Rejects where the browser keeps nothing. */
export function openDatabase(owner: DatabaseOwner): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(nameDatabase(owner), VERSION);
    request.addEventListener('upgradeneeded', () => {
      const database = request.result;
      for (const name of [STORES.updates, STORES.changes]) {
        database.createObjectStore(name, { autoIncrement: true }).createIndex(BY_DOCUMENT, 'document');
      }
      database.createObjectStore(STORES.documents, { keyPath: 'name' });
    });
    request.addEventListener('success', () => {
      const database = request.result;
      // Another tab wants to delete or upgrade it; nothing waits for us.
      database.addEventListener('versionchange', () => {
        database.close();
      });
      resolve(database);
    });
    request.addEventListener('error', () => {
      reject(request.error ?? new Error('the database cannot be opened'));
    });
  });
}

/** Deletes all copies of a user. */
export function deleteDatabase(owner: DatabaseOwner): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(nameDatabase(owner));
    request.addEventListener('success', () => {
      resolve();
    });
    request.addEventListener('error', () => {
      reject(request.error ?? new Error('the database cannot be deleted'));
    });
  });
}

/** Runs work in one read-write transaction, and resolves with its result once that is on disk. */
export async function writeStrictly<T>(
  database: IDBDatabase,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  // Without "strict" a browser may report completion before the operating system has written anything.
  const transaction = database.transaction(Object.values(STORES), 'readwrite', { durability: 'strict' });
  const finished = whenFinished(transaction);
  // Its failure is reported by the work too, which is awaited first.
  finished.catch(() => {});
  try {
    const result = await work(transaction);
    await finished;
    return result;
  } catch (error) {
    abortQuietly(transaction);
    throw error;
  }
}

function abortQuietly(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}

function whenFinished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => {
      resolve();
    });
    transaction.addEventListener('abort', () => {
      reject(transaction.error ?? new Error('the transaction was aborted'));
    });
  });
}

/** The result of a request. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => {
      resolve(request.result);
    });
    request.addEventListener('error', () => {
      reject(request.error ?? new Error('the request failed'));
    });
  });
}

/** Keys of a document's rows in one of the stores, oldest first. */
export async function readKeys(store: IDBObjectStore, document: string): Promise<number[]> {
  const keys = await resultOf(store.index(BY_DOCUMENT).getAllKeys(document));
  return keys.filter((key) => typeof key === 'number');
}

/** Updates of a document, oldest first. */
export async function readUpdates(transaction: IDBTransaction, document: string): Promise<Uint8Array[]> {
  const index = transaction.objectStore(STORES.updates).index(BY_DOCUMENT);
  const rows = (await resultOf(index.getAll(document))) as UpdateRow[];
  return rows.map((row) => row.update);
}

/** What is known of a document, or `null`. */
export async function readDocumentRow(transaction: IDBTransaction, document: string): Promise<DocumentRow | null> {
  const row: unknown = await resultOf(transaction.objectStore(STORES.documents).get(document));
  return row === undefined ? null : (row as DocumentRow);
}
