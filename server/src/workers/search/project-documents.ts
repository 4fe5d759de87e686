import { toScriptoriumError } from '../../core/errors.ts';
import { restAfterWrite } from '../../core/search-rest.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DocumentDirectory } from '../../ports/document-directory.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { DocumentLeases } from '../../ports/document-leases.ts';
import type { SearchDeadLetters } from '../../ports/search-dead-letters.ts';
import type { SearchIndex } from '../../ports/search-index.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { isIndexed, isSetAside } from './compare-index.ts';
import { isPassing, lengthOfEntry, type RenderDeps, type Rendered, renderEntry } from './render-entry.ts';

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

/** How far the index holds a document. */
export interface Level {
  readonly epoch: number;
  readonly seq: number;
}

/** What became of a batch; documents that are in neither list wait: another node has them, or they cannot be read now. */
export interface Projection {
  /** Documents of which the index holds all that was committed when it was looked at, or never will. */
  readonly settled: ReadonlyMap<DocumentId, Level>;
  /** Documents that are gone. */
  readonly gone: readonly DocumentId[];
  /** Milliseconds that documents rest which were written. */
  readonly rests: ReadonlyMap<DocumentId, number>;
}

/** Milliseconds that a node may be at a batch before another takes its documents. */
const LEASE = 30_000;
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
  if (claimed.length === 0) return { settled: new Map(), gone: [], rests: new Map() };
  const rests = new Map<DocumentId, number>();
  try {
    return { ...(await projectClaimed(deps, claimed, rests)), rests };
  } finally {
    await letGo(deps, claimed, rests);
  }
}

/** Whoever has a lease next waits as long as a document rests; where it cannot be said, the lease ends by itself. */
async function letGo(
  { clock, leases, node }: ProjectDeps,
  claimed: readonly DocumentId[],
  rests: ReadonlyMap<DocumentId, number>,
): Promise<void> {
  const now = clock.now();
  const byRest = Map.groupBy(claimed, (documentId) => rests.get(documentId) ?? 0);
  const kept = [...byRest].map(([rest, documentIds]) => leases.keep(documentIds, { holder: node, until: now + rest }));
  await Promise.allSettled(kept);
}

async function projectClaimed(
  deps: ProjectDeps,
  claimed: readonly DocumentId[],
  rests: Map<DocumentId, number>,
): Promise<Omit<Projection, 'rests'>> {
  const { directory, index, deadLetters } = deps;
  const records = await directory.readLive(claimed);
  const live = new Set(records.map(({ id }) => id));
  const indexed = await index.readIndexed(claimed);
  const letters = new Map((await deadLetters.read(claimed)).map((letter) => [letter.documentId, letter]));
  const behind = records.filter(
    (record) => !isIndexed(record, indexed.get(record.id)) && !isSetAside(record, letters.get(record.id)),
  );
  const settled = new Map(records.map(({ id, epoch, head: seq }) => [id, { epoch, seq }]));
  const batch = new EntryBatch(deps, rests);
  const { gone, waiting } = await renderBehind(deps, { behind, batch });
  for (const documentId of [...gone, ...waiting]) settled.delete(documentId);
  for (const [documentId, level] of batch.written) settled.set(documentId, level);
  const removed = [...claimed.filter((documentId) => !live.has(documentId)), ...gone];
  const stale = removed.filter((documentId) => indexed.has(documentId));
  if (stale.length > 0) await index.remove(stale);
  const answered = [...letters.keys()].filter((documentId) => removed.includes(documentId) || rests.has(documentId));
  await deadLetters.remove(answered);
  return { settled, gone: removed };
}

/**
 * Writes what is behind. A document that cannot be read at present waits, and keeps out no other; throws when none of
 * them can, since then it is the store that is away.
 */
async function renderBehind(
  deps: ProjectDeps,
  { behind, batch }: { readonly behind: readonly DocumentRecord[]; readonly batch: EntryBatch },
): Promise<{ readonly gone: readonly DocumentId[]; readonly waiting: readonly DocumentId[] }> {
  const gone: DocumentId[] = [];
  const waiting: DocumentId[] = [];
  let failure: unknown = null;
  for (let from = 0; from < behind.length; from += READS_AT_ONCE) {
    const group = behind.slice(from, from + READS_AT_ONCE);
    const rendered = await Promise.allSettled(group.map((record) => renderEntry(deps, record)));
    for (const [at, record] of group.entries()) {
      const result = rendered[at];
      if (result?.status !== 'fulfilled') {
        failure = result?.reason;
        waiting.push(record.id);
      } else if (result.value.kind === 'entry') await batch.add(result.value);
      else if (result.value.kind === 'gone') gone.push(record.id);
      else await setAside(deps, record, result.value.reason);
    }
  }
  await batch.write();
  if (waiting.length > 0 && waiting.length === behind.length) throw failure;
  return { gone, waiting };
}

type RenderedEntry = Extract<Rendered, { readonly kind: 'entry' }>;

/** Entries on their way to the index, in writes of bounded size. */
class EntryBatch {
  /** What the index has taken. */
  readonly written = new Map<DocumentId, Level>();
  readonly #deps: ProjectDeps;
  readonly #rests: Map<DocumentId, number>;
  #entries: RenderedEntry[] = [];
  #length = 0;

  constructor(deps: ProjectDeps, rests: Map<DocumentId, number>) {
    this.#deps = deps;
    this.#rests = rests;
  }

  async add(rendered: RenderedEntry): Promise<void> {
    this.#entries.push(rendered);
    this.#length += lengthOfEntry(rendered.entry);
    if (this.#length >= WRITE_LENGTH) await this.write();
  }

  async write(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#length = 0;
    if (entries.length > 0) await this.#put(entries);
  }

  /** A batch that the index can never take is tried entry by entry, so that one does not keep out the others. */
  async #put(rendered: readonly RenderedEntry[]): Promise<void> {
    const { index, telemetry } = this.#deps;
    try {
      await index.write(rendered.map(({ entry }) => entry));
    } catch (error) {
      if (isPassing(error)) throw error;
      const { code } = toScriptoriumError(error);
      const [only, second] = rendered;
      if (only !== undefined && second === undefined) {
        const { documentId: id, epoch, seq: head } = only.entry;
        await setAside(this.#deps, { id, epoch, head }, `the index: ${code}`);
      } else for (const one of rendered) await this.#put([one]);
      return;
    }
    telemetry.metrics.count('search_documents_indexed_total', rendered.length);
    for (const { entry, bytes } of rendered) {
      const { documentId, epoch, seq } = entry;
      this.written.set(documentId, { epoch, seq });
      this.#rests.set(documentId, restAfterWrite(bytes));
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
