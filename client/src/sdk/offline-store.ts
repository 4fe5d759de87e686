import { applyUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import {
  openDatabase,
  readDocumentRow,
  readKeys,
  readUpdates,
  resultOf,
  STORES,
  writeStrictly,
  type DatabaseOwner,
  type DocumentRow,
  type UpdateRow,
} from './offline-database.ts';

/** What a device holds of a document. */
export interface StoredDocument {
  /** Yjs V1 updates, oldest first. */
  readonly updates: readonly Uint8Array[];
  /** How many changes in them the server has not confirmed. */
  readonly changes: number;
  /** Incarnation that they belong to; `null` when the server has not been met. */
  readonly epoch: number | null;
}

/** The copy of one document on this device. What it promises is on disk; what fails is tried again. */
export interface OfflineStore {
  /** Reads the copy. Changes found here count as the first ones of `acknowledge`. */
  load(): Promise<StoredDocument>;
  /** Resolves once the update is on disk. `local` ones count as a change until they are acknowledged. */
  append(update: Uint8Array, local: boolean): Promise<void>;
  /** The first so many changes since `load` are durable on the server. */
  acknowledge(changes: number): Promise<void>;
  setEpoch(epoch: number): Promise<void>;
  /** Puts another state in place of the copy, with so many unconfirmed changes in it. */
  replace(state: Uint8Array, epoch: number | null, changes: number): Promise<void>;
  /** Forgets the copy. */
  discard(): Promise<void>;
  /** Writes what is waiting, then closes. */
  close(): Promise<void>;
}

/** What the store knows of its rows. Work changes a draft, which counts once the transaction is on disk. */
interface Ledger {
  /** Keys of this visit's changes, oldest first, without the acknowledged ones. */
  changeKeys: number[];
  acknowledged: number;
  rows: number;
}

type Work = (transaction: IDBTransaction, draft: Ledger) => Promise<void>;

interface Task {
  readonly work: Work;
  readonly done: () => void;
}

/** Rows that are merged into one when this many have come. */
const COMPACT_AT = 300;
const RETRY = { first: 500, most: 30_000 } as const;

/** Opens the copy of a document. Rejects where the browser keeps nothing. */
export async function openOfflineStore(owner: DatabaseOwner, document: string): Promise<OfflineStore> {
  return new IndexedStore(await openDatabase(owner), document);
}

class IndexedStore implements OfflineStore {
  readonly #database: IDBDatabase;
  readonly #document: string;
  readonly #tasks: Task[] = [];
  #ledger: Ledger = { changeKeys: [], acknowledged: 0, rows: 0 };
  #writing: Promise<void> | null = null;
  #closed = false;

  constructor(database: IDBDatabase, document: string) {
    this.#database = database;
    this.#document = document;
  }

  async load(): Promise<StoredDocument> {
    const transaction = this.#database.transaction(Object.values(STORES), 'readonly');
    const [updates, changeKeys, row] = await Promise.all([
      readUpdates(transaction, this.#document),
      readKeys(transaction.objectStore(STORES.changes), this.#document),
      readDocumentRow(transaction, this.#document),
    ]);
    this.#ledger = { changeKeys, acknowledged: 0, rows: updates.length };
    return { updates, changes: changeKeys.length, epoch: row?.epoch ?? null };
  }

  append(update: Uint8Array, local: boolean): Promise<void> {
    return this.#run(async (transaction, draft) => {
      const row: UpdateRow = { document: this.#document, update };
      transaction.objectStore(STORES.updates).add(row);
      if (local) draft.changeKeys.push(await this.#addChange(transaction));
      draft.rows += 1;
      if (draft.rows >= COMPACT_AT) await this.#compact(transaction, draft);
    });
  }

  acknowledge(changes: number): Promise<void> {
    return this.#run(async (transaction, draft) => {
      // Runs after all that was appended before, so the keys are known.
      const keys = draft.changeKeys.splice(0, Math.max(0, changes - draft.acknowledged));
      draft.acknowledged += keys.length;
      const store = transaction.objectStore(STORES.changes);
      await Promise.all(keys.map((key) => resultOf(store.delete(key))));
    });
  }

  setEpoch(epoch: number): Promise<void> {
    return this.#run((transaction) => this.#putEpoch(transaction, epoch));
  }

  replace(state: Uint8Array, epoch: number | null, changes: number): Promise<void> {
    return this.#run(async (transaction, draft) => {
      await this.#clear(transaction);
      const row: UpdateRow = { document: this.#document, update: state };
      await resultOf(transaction.objectStore(STORES.updates).add(row));
      await this.#putEpoch(transaction, epoch);
      draft.changeKeys = [];
      for (let change = 0; change < changes; change += 1) draft.changeKeys.push(await this.#addChange(transaction));
      draft.acknowledged = 0;
      draft.rows = 1;
    });
  }

  discard(): Promise<void> {
    return this.#run(async (transaction, draft) => {
      await this.#clear(transaction);
      await resultOf(transaction.objectStore(STORES.documents).delete(this.#document));
      Object.assign(draft, { changeKeys: [], acknowledged: 0, rows: 0 });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    this.#database.close();
  }

  async #addChange(transaction: IDBTransaction): Promise<number> {
    const key = await resultOf(transaction.objectStore(STORES.changes).add({ document: this.#document }));
    return Number(key);
  }

  async #putEpoch(transaction: IDBTransaction, epoch: number | null): Promise<void> {
    const row: DocumentRow = { name: this.#document, epoch };
    await resultOf(transaction.objectStore(STORES.documents).put(row));
  }

  async #clear(transaction: IDBTransaction): Promise<void> {
    for (const name of [STORES.updates, STORES.changes]) {
      const store = transaction.objectStore(name);
      for (const key of await readKeys(store, this.#document)) store.delete(key);
    }
  }

  /** Puts one row in place of many. Reads them from disk: another tab may have written some. */
  async #compact(transaction: IDBTransaction, draft: Ledger): Promise<void> {
    const updates = await readUpdates(transaction, this.#document);
    const store = transaction.objectStore(STORES.updates);
    for (const key of await readKeys(store, this.#document)) store.delete(key);
    const merged = new Doc();
    merged.transact(() => {
      for (const update of updates) applyUpdate(merged, update);
    });
    const row: UpdateRow = { document: this.#document, update: encodeStateAsUpdate(merged) };
    merged.destroy();
    await resultOf(store.add(row));
    draft.rows = 1;
  }

  /** Queues work; resolves once it is on disk. */
  #run(work: Work): Promise<void> {
    return new Promise((resolve) => {
      this.#tasks.push({ work, done: resolve });
      this.#writing ??= this.#write();
    });
  }

  /** Writes what waits, one transaction at a time; all that came during one shares the next. */
  async #write(): Promise<void> {
    let failures = 0;
    while (this.#tasks.length > 0) {
      const tasks = this.#tasks.slice();
      const written = await this.#attempt(tasks);
      if (written) {
        failures = 0;
        this.#tasks.splice(0, tasks.length);
        for (const task of tasks) task.done();
        continue;
      }
      if (this.#closed) break;
      failures += 1;
      await pause(Math.min(RETRY.most, RETRY.first * 2 ** failures));
    }
    this.#writing = null;
  }

  async #attempt(tasks: readonly Task[]): Promise<boolean> {
    try {
      const draft: Ledger = { ...this.#ledger, changeKeys: [...this.#ledger.changeKeys] };
      await writeStrictly(this.#database, async (transaction) => {
        for (const task of tasks) await task.work(transaction, draft);
      });
      this.#ledger = draft;
      return true;
    } catch {
      return false;
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
