import { ScriptoriumError } from '../../core/errors.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { DirectoryPage } from '../../ports/document-directory.ts';
import type { IndexedState, IndexRebuild, SearchEntry } from '../../ports/search-index.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { isIndexed } from './compare-index.ts';
import type { ProjectDeps } from './project-documents.ts';
import { isPassing, lengthOfEntry, renderEntry } from './render-entry.ts';

export interface RebuildDeps extends ProjectDeps {
  /** Brings the index in use level with all documents; how many were behind. */
  readonly catchUp: () => Promise<number>;
  readonly isStopped: () => boolean;
}

/** How far a rebuild is: documents that are in the fresh index, of those that were there when it began. */
export interface RebuildProgress {
  readonly step: 'filling' | 'catching-up' | 'checking';
  readonly documents: number;
  readonly filled: number;
  /** Documents that cannot be read, and are left out. */
  readonly leftOut: number;
}

/** No document has this id; its lease is that of the rebuild. */
const REBUILD_LEASE: DocumentId = 0;
const LEASE = 60_000;
const PAGE = 200;
const WRITE_LENGTH = 1_000_000;
/** Rounds over what changed meanwhile, and how few documents are left to the check at the end. */
const ROUNDS = 5;
const FEW = 50;

/**
 * Fills a fresh index beside the one in use, follows what changes meanwhile, puts it in the other's place, and then
 * compares it once more with all documents, so that nothing is missing that was committed before the call. Searching
 * and writing go on all the time. Throws `search-unavailable`, also while another rebuild is under way.
 */
export async function rebuildIndex(
  deps: RebuildDeps,
  onProgress: (progress: RebuildProgress) => void,
): Promise<RebuildProgress> {
  const run = new Rebuild(deps, onProgress);
  await run.holdOn();
  const fresh = await deps.index.beginRebuild();
  try {
    await run.fill(fresh);
    await fresh.finish();
  } catch (error) {
    await fresh.abandon().catch(() => undefined);
    throw error;
  } finally {
    await run.letGo().catch(() => undefined);
  }
  run.say({ step: 'checking' });
  await deps.catchUp();
  return run.progress;
}

class Rebuild {
  progress: RebuildProgress = { step: 'filling', documents: 0, filled: 0, leftOut: 0 };
  readonly #deps: RebuildDeps;
  readonly #onProgress: (progress: RebuildProgress) => void;
  readonly #written = new Map<DocumentId, IndexedState>();
  readonly #leftOut = new Set<DocumentId>();
  #entries: SearchEntry[] = [];
  #length = 0;

  constructor(deps: RebuildDeps, onProgress: (progress: RebuildProgress) => void) {
    this.#deps = deps;
    this.#onProgress = onProgress;
  }

  say(change: Partial<RebuildProgress>): void {
    this.progress = { ...this.progress, ...change };
    this.#onProgress(this.progress);
  }

  /** One at a time: two would fill the same fresh index. */
  async holdOn(): Promise<void> {
    const { clock, leases, node } = this.#deps;
    const now = clock.now();
    const [held] = await leases.claim([REBUILD_LEASE], { holder: node, now, until: now + LEASE });
    if (held === undefined) throw new ScriptoriumError('search-unavailable', 'another rebuild is under way');
  }

  letGo(): Promise<void> {
    const { clock, leases, node } = this.#deps;
    return leases.keep([REBUILD_LEASE], { holder: node, until: clock.now() });
  }

  async fill(fresh: IndexRebuild): Promise<void> {
    await this.#round(fresh);
    for (let round = 0; round < ROUNDS; round += 1) {
      this.say({ step: 'catching-up' });
      if ((await this.#round(fresh)) <= FEW) return;
    }
  }

  /** Goes over all documents and writes those that are not in the fresh index as they are now; how many. */
  async #round(fresh: IndexRebuild): Promise<number> {
    let found = 0;
    for (let after: DocumentId | null = 0; after !== null;) {
      if (this.#deps.isStopped()) throw new ScriptoriumError('shutting-down');
      const page: DirectoryPage = await this.#deps.directory.readPage(after, PAGE);
      const records = page.entries.flatMap(({ record }) => (record === null ? [] : [record]));
      const behind = records.filter(({ id }) => !this.#leftOut.has(id)).filter((record) => !this.#holds(record));
      found += behind.length;
      for (const record of behind) await this.#add(fresh, record);
      await this.#write(fresh);
      await this.holdOn();
      after = page.next;
    }
    return found;
  }

  #holds(record: DocumentRecord): boolean {
    return isIndexed(record, this.#written.get(record.id));
  }

  async #add(fresh: IndexRebuild, record: DocumentRecord): Promise<void> {
    const rendered = await renderEntry(this.#deps, record);
    if (rendered.kind === 'entry') {
      this.#entries.push(rendered.entry);
      this.#length += lengthOfEntry(rendered.entry);
    } else if (rendered.kind === 'unreadable') {
      this.#leftOut.add(record.id);
    }
    if (this.#length >= WRITE_LENGTH) await this.#write(fresh);
  }

  async #write(fresh: IndexRebuild): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#length = 0;
    if (entries.length > 0) await this.#put(fresh, entries);
    for (const { documentId, epoch, seq, name } of entries) this.#written.set(documentId, { epoch, seq, name });
    await this.#forgetLetters(entries.map(({ documentId }) => documentId));
    const filled = this.#written.size;
    this.say({ documents: Math.max(this.progress.documents, filled), filled, leftOut: this.#leftOut.size });
  }

  /** What could not be read once, and can be now, is no longer set aside. */
  async #forgetLetters(documentIds: readonly DocumentId[]): Promise<void> {
    const letters = await this.#deps.deadLetters.read(documentIds);
    await this.#deps.deadLetters.remove(letters.map(({ documentId }) => documentId));
  }

  /** What the index can never take is left to the check at the end, which sets it aside. */
  async #put(fresh: IndexRebuild, entries: readonly SearchEntry[]): Promise<void> {
    try {
      await fresh.write(entries);
    } catch (error) {
      if (isPassing(error)) throw error;
      if (entries.length > 1) for (const entry of entries) await this.#put(fresh, [entry]);
    }
  }
}
