import { openOfflineStore, type OfflineStore, type StoredDocument } from './offline-store.ts';

/** Milliseconds after which the browser's storage is taken for broken, and the document opens without it. */
const PATIENCE = 3_000;

/** The copy on this device where there can be one; where the browser forbids it, nothing is promised. */
export class LocalCopy {
  #store: OfflineStore | null = null;
  /** Changes that were acknowledged since the copy was opened or replaced. */
  #acknowledged = 0;

  /** Whether changes are kept. */
  get works(): boolean {
    return this.#store !== null;
  }

  /** Opens and reads the copy; `null` where there can be none. */
  async open(
    owner: { readonly server: string; readonly user: string },
    document: string,
  ): Promise<StoredDocument | null> {
    if (typeof indexedDB === 'undefined') return null;
    const opening = openOfflineStore(owner, document);
    try {
      const store = await inTime(opening);
      const stored = await inTime(store.load());
      this.#store = store;
      return stored;
    } catch {
      // The document works without a copy, and `works` says so.
      opening.then((store) => store.close()).catch(() => {});
      return null;
    }
  }

  /** Writes an update; `kept` is called once it is on disk. */
  append(update: Uint8Array, local: boolean, kept?: () => void): void {
    void this.#store?.append(update, local).then(kept);
  }

  /** The first so many changes are durable on the server. */
  acknowledge(changes: number): void {
    if (changes <= this.#acknowledged) return;
    this.#acknowledged = changes;
    void this.#store?.acknowledge(changes);
  }

  setEpoch(epoch: number): void {
    void this.#store?.setEpoch(epoch);
  }

  /** Puts another state in its place in one step; `kept` is called once it is on disk. */
  replace(
    state: Uint8Array,
    about: { readonly epoch: number | null; readonly changes: number },
    kept?: () => void,
  ): void {
    this.#acknowledged = 0;
    void this.#store?.replace(state, about.epoch, about.changes).then(kept);
  }

  async discard(): Promise<void> {
    this.#acknowledged = 0;
    await this.#store?.discard();
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the browser does not answer'));
    }, PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
