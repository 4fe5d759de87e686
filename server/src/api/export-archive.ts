import { FILE_KINDS, type FileFormat } from '@scriptorium/shared/export-schemas';
import type { ZipEntry } from '../content/files/write-zip.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { decide } from '../core/permissions.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import type { ApiDeps } from './api-deps.ts';
import type { Caller } from './authenticate.ts';

export type ExportDeps = Pick<ApiDeps, 'catalog' | 'past' | 'reader' | 'versions' | 'conversions' | 'clock'>;

export interface ExportOrder {
  readonly caller: Caller;
  readonly prefix: string;
  readonly format: FileFormat;
  readonly withHistory: boolean;
}

const PAGE = 100;
/** A sitting of the history ends after so many milliseconds without an edit. */
const PAUSE = 15 * 60_000;
const VERSIONS = 10_000;

/**
 * The record of a document as it stands now: where it is open here, what was applied before is committed first, and the
 * row is that of all of it. What is exported then is named by exactly the state that was rendered.
 */
export async function standStill(
  { reader }: Pick<ExportDeps, 'reader'>,
  record: DocumentRecord,
): Promise<DocumentRecord> {
  const { epoch, seq } = await reader.positionOf(record);
  return { ...record, epoch, head: seq };
}

/** A document's newest committed state in a format. */
export async function renderFile(
  { past, conversions }: Pick<ExportDeps, 'past' | 'conversions'>,
  record: DocumentRecord,
  format: FileFormat,
): Promise<Uint8Array> {
  const state = await past.stateAt(record, record.head);
  return format === 'yjs' ? state : conversions.render(state, format);
}

interface Manifest {
  readonly documents: { name: string; path: string; epoch: number; seq: number }[];
  readonly failed: { name: string; code: string }[];
}

/**
 * The files of all documents that the caller may take along, one at a time, and at the end a manifest that names each,
 * and those that could not be had because something stored of them is damaged or too large. A store that is away ends
 * the archive, which then is no whole one.
 */
export async function* exportEntries(deps: ExportDeps, order: ExportOrder): AsyncGenerator<ZipEntry> {
  const manifest: Manifest = { documents: [], failed: [] };
  for await (const listed of listExportable(deps, order)) {
    try {
      const record = await standStill(deps, listed);
      // Made before any of it is handed on, so that the manifest is true.
      const entries = await readEntries(deps, record, order);
      yield* entries;
      const [first] = entries;
      const { name, epoch, head: seq } = record;
      if (first !== undefined) manifest.documents.push({ name, path: first.path, epoch, seq });
    } catch (error) {
      if (!(error instanceof ScriptoriumError) || error.definition.retryable) throw error;
      manifest.failed.push({ name: listed.name, code: error.code });
    }
  }
  const modifiedAt = new Date(deps.clock.now());
  const content = JSON.stringify({ exportedAt: modifiedAt.toISOString(), format: order.format, ...manifest }, null, 2);
  yield { path: 'manifest.json', modifiedAt, content };
}

async function* listExportable(
  { catalog }: ExportDeps,
  { caller, prefix }: ExportOrder,
): AsyncGenerator<DocumentRecord> {
  const { tenant } = caller.identity;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof catalog.list>> = await catalog.list({ tenant, prefix, cursor, limit: PAGE });
    for (const record of page.records)
      if (decide(caller.rights, record.name, 'export').kind === 'allowed') yield record;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

async function readEntries(deps: ExportDeps, record: DocumentRecord, order: ExportOrder): Promise<readonly ZipEntry[]> {
  const modifiedAt = new Date(record.updatedAt);
  const content = await renderFile(deps, record, order.format);
  // Each kind has a folder of its own, since a document may be called as another one's history would be.
  const path = `documents/${record.name}.${FILE_KINDS[order.format].extension}`;
  const file = { path, modifiedAt, content };
  if (!order.withHistory || decide(order.caller.rights, record.name, 'read-history').kind === 'denied') return [file];
  const history = await deps.past.sittings(record, { after: 0, upTo: record.head, pause: PAUSE });
  const { versions } = await deps.versions.list(record.id, { cursor: null, limit: VERSIONS });
  return [
    file,
    { path: `history/${record.name}.json`, modifiedAt, content: history },
    { path: `versions/${record.name}.json`, modifiedAt, content: JSON.stringify(versions, null, 2) },
  ];
}
