import type { SearchText } from '../../content/search-text.ts';
import { readSearchText } from '../../content/search-text.ts';
import type { ConversionRequest } from '../../content/conversion.ts';
import { toScriptoriumError } from '../../core/errors.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { LiveDocuments } from '../../ports/live-documents.ts';
import type { SearchEntry } from '../../ports/search-index.ts';
import type { UpdateLog } from '../../ports/update-log.ts';

export interface RenderDeps {
  readonly documents: Pick<LiveDocuments, 'readParts'>;
  readonly log: Pick<UpdateLog, 'readBindings'>;
  /** Where large documents are read, so that nothing else waits for them. */
  readonly conversions: {
    run(request: ConversionRequest & { readonly kind: 'search-text' }): Promise<Uint8Array | null>;
  };
}

/** What became of a document on its way to the index. */
export type Rendered =
  | { readonly kind: 'entry'; readonly entry: SearchEntry; /** Of its state. */ readonly bytes: number }
  /** It was deleted meanwhile. */
  | { readonly kind: 'gone' }
  /** It will never be read as it is now. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A state up to this size is merged and read at once; the parts of a larger one are merged and read in a thread. */
const INLINE_BYTES = 32 * 1024;

/**
 * Reads the committed state of a document as an entry of the index. Throws what passes by itself: a store that is away,
 * a thread that has too much to do.
 */
export async function renderEntry(deps: RenderDeps, record: DocumentRecord): Promise<Rendered> {
  try {
    const { epoch, seq, parts } = await deps.documents.readParts(record, INLINE_BYTES);
    const text = await readText(deps, parts);
    const bindings = await deps.log.readBindings(record.id);
    const users = new Map(bindings.map(({ client, user }) => [client, user]));
    const authors = new Set(text.clients.flatMap((client) => users.get(client) ?? []));
    const { id: documentId, tenant, name, createdAt, updatedAt } = record;
    const { heading, blocks, tags } = text;
    const facts = { documentId, tenant, name, createdAt, updatedAt, epoch, seq };
    const entry = { ...facts, title: heading ?? name, authors: [...authors], tags, blocks };
    return { kind: 'entry', entry, bytes: bytesOf(parts) };
  } catch (error) {
    const { code, definition } = toScriptoriumError(error);
    if (code === 'document-deleted') return { kind: 'gone' };
    if (isPassing(error)) throw error;
    return { kind: 'unreadable', reason: `${code}: ${definition.title}` };
  }
}

/** Whether a failure says nothing about the document: a store or an engine is away, or the node is going away. */
export function isPassing(error: unknown): boolean {
  const { code, definition } = toScriptoriumError(error);
  // What nobody foresaw comes again each time, so it is held against the document.
  return code === 'shutting-down' || (definition.retryable && code !== 'internal');
}

async function readText(deps: RenderDeps, parts: readonly Uint8Array[]): Promise<SearchText> {
  if (bytesOf(parts) <= INLINE_BYTES) return readSearchText(parts);
  const json = await deps.conversions.run({ kind: 'search-text', parts });
  // Written by the thread out of a `SearchText`.
  return JSON.parse(new TextDecoder().decode(json ?? new Uint8Array())) as SearchText;
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Characters of an entry, for batches that bound them. */
export function lengthOfEntry({ blocks }: SearchEntry): number {
  return blocks.reduce((sum, { text }) => sum + text.length, 0);
}
