import { toScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DocumentDirectory } from '../../ports/document-directory.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { DocumentLeases } from '../../ports/document-leases.ts';
import type { SearchDeadLetters } from '../../ports/search-dead-letters.ts';
import type { SearchEntry, SearchIndex } from '../../ports/search-index.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { isIndexed, isSetAside } from './compare-index.ts';
import { isPassing, lengthOfEntry, type RenderDeps, renderEntry } from './render-entry.ts';

export interface ProjectDeps extends RenderDeps {
  readonly index: SearchIndex;
  readonly directory: DocumentDirectory;
  readonly leases: DocumentLeases;
  readonly deadLetters: SearchDeadLetters;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Random identity of this run of this node. */
  readonly node: string;
}

/** What became of a batch. */
export interface Projection {
  /** Documents of which the index holds all that was committed when it was looked at, or never will; their heads. */
  readonly settled: ReadonlyMap<DocumentId, number>;
  /** Documents that are gone. */
  readonly gone: readonly DocumentId[];
  /** Documents that another node works on, or wrote a moment ago. */
  readonly held: readonly DocumentId[];
}

/** Milliseconds that a node may be at a batch before another takes its documents. */
const LEASE = 30_000;
/** Milliseconds between two writes of one document, whichever nodes do them. */
export const REST = 1_000;
/** Documents that are read at the same time. */
const READS_AT_ONCE = 4;
/** Characters that go to the index in one write. */
const WRITE_LENGTH = 1_000_000;

/**
 * Brings the index level with some documents. May be killed at any point, done twice, and done by several nodes: the
 * index refuses what is older than what it has, and what was not done is found by comparing. Throws what passes by
 * itself (`search-unavailable`, `storage-unavailable`).
 */
export async function projectDocuments(deps: ProjectDeps, documentIds: readonly DocumentId[]): Promise<Projection> {
  const { clock, leases, node } = deps;
  const now = clock.now();
  const claimed = await leases.claim(documentIds, { holder: node, now, until: now + LEASE });
  const taken = new Set(claimed);
  const held = documentIds.filter((documentId) => !taken.has(documentId));
  if (claimed.length === 0) return { settled: new Map(), gone: [], held };
  try {
    return { ...(await projectClaimed(deps, claimed)), held };
  } finally {
    // Where it cannot be said, the lease ends by itself.
    await leases.keep(claimed, { holder: node, until: clock.now() + REST }).catch(() => undefined);
  }
}

async function projectClaimed(deps: ProjectDeps, claimed: readonly DocumentId[]): Promise<Omit<Projection, 'held'>> {
  const { directory, index, deadLetters } = deps;
  const records = await directory.readLive(claimed);
  const live = new Map(records.map((record) => [record.id, record]));
  const gone = claimed.filter((documentId) => !live.has(documentId));
  const indexed = await index.readIndexed(claimed);
  const letters = new Map((await deadLetters.read(claimed)).map((letter) => [letter.documentId, letter]));
  const settled = new Map(records.map(({ id, head }) => [id, head]));
  const batch = new EntryBatch(deps, settled);
  const behind = records.filter(
    (record) => !isIndexed(record, indexed.get(record.id)) && !isSetAside(record, letters.get(record.id)),
  );
  for (let from = 0; from < behind.length; from += READS_AT_ONCE) {
    const group = behind.slice(from, from + READS_AT_ONCE);
    const rendered = await Promise.all(group.map((record) => renderEntry(deps, record)));
    for (const [at, result] of rendered.entries()) {
      const record = group[at];
      if (result.kind === 'entry') await batch.add(result.entry);
      else if (record === undefined) continue;
      else if (result.kind === 'gone') gone.push(record.id);
      else await setAside(deps, record, result.reason);
    }
  }
  await batch.write();
  const stale = gone.filter((documentId) => indexed.has(documentId));
  if (stale.length > 0) await index.remove(stale);
  const answered = [...letters.keys()].filter((documentId) => gone.includes(documentId) || batch.holds(documentId));
  await deadLetters.remove(answered);
  for (const documentId of gone) settled.delete(documentId);
  return { settled, gone };
}

/** Entries on their way to the index, in writes of bounded size. */
class EntryBatch {
  readonly #deps: ProjectDeps;
  readonly #settled: Map<DocumentId, number>;
  readonly #written = new Set<DocumentId>();
  #entries: SearchEntry[] = [];
  #length = 0;

  constructor(deps: ProjectDeps, settled: Map<DocumentId, number>) {
    this.#deps = deps;
    this.#settled = settled;
  }

  holds(documentId: DocumentId): boolean {
    return this.#written.has(documentId);
  }

  async add(entry: SearchEntry): Promise<void> {
    this.#entries.push(entry);
    this.#length += lengthOfEntry(entry);
    if (this.#length >= WRITE_LENGTH) await this.write();
  }

  async write(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#length = 0;
    if (entries.length > 0) await this.#put(entries);
  }

  /** A batch that the index can never take is tried entry by entry, so that one does not keep out the others. */
  async #put(entries: readonly SearchEntry[]): Promise<void> {
    const { index, telemetry } = this.#deps;
    try {
      await index.write(entries);
    } catch (error) {
      if (isPassing(error)) throw error;
      const { code } = toScriptoriumError(error);
      const [only, second] = entries;
      if (only !== undefined && second === undefined) {
        await setAside(this.#deps, { id: only.documentId, epoch: only.epoch, head: only.seq }, `the index: ${code}`);
      } else for (const entry of entries) await this.#put([entry]);
      return;
    }
    telemetry.metrics.count('search_documents_indexed_total', entries.length);
    for (const { documentId, seq } of entries) {
      this.#written.add(documentId);
      this.#settled.set(documentId, seq);
    }
  }
}

async function setAside(
  { deadLetters, clock, telemetry }: ProjectDeps,
  { id: documentId, epoch, head: seq }: Pick<DocumentRecord, 'id' | 'epoch' | 'head'>,
  reason: string,
): Promise<void> {
  await deadLetters.put({ documentId, epoch, seq, reason, at: clock.now() });
  telemetry.metrics.count('search_dead_letters_total');
  telemetry.log.error('search_document_set_aside', { documentId, seq, reason });
}
