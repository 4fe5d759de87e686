// What a snapshot costs inline and as a file: node server/test/snapshot-benchmark.ts
import { randomBytes } from 'node:crypto';
import { DEFAULT_TENANT, parseDocumentName } from '@scriptorium/shared/document-name';
import { createFilesystemSnapshotStore } from '../src/adapters/filesystem/snapshot-store.ts';
import { createDocumentCatalog } from '../src/adapters/sql/document-catalog.ts';
import { createStoredHistory } from '../src/adapters/sql/stored-history.ts';
import { openSqlite } from '../src/adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from '../src/adapters/sqlite/update-log.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import { sha256Hex } from '../src/rooms/checksum.ts';
import { loadDocument } from '../src/rooms/load-document.ts';
import { publishState } from '../src/workers/publish-state.ts';
import { createSilentTelemetry } from './support/silent-telemetry.ts';
import { createTemporaryDirectory } from './support/temporary-directory.ts';

const DOCUMENTS = 60;

const directory = createTemporaryDirectory('snapshot-benchmark');
const clock = createSystemClock();
const telemetry = createSilentTelemetry();
const sqlite = await openSqlite({ directory: directory.path, clock, log: telemetry.log });
const snapshots = createFilesystemSnapshotStore({ directory: `${directory.path}/snapshots` });
const log = createSqliteUpdateLog(sqlite);
const catalog = createDocumentCatalog({ database: sqlite.database });
const deps = { ...createStoredHistory({ database: sqlite.database }), log, snapshots, clock, telemetry };

process.stdout.write(`KiB, where: milliseconds to publish, to load; median of ${DOCUMENTS}\n`);
try {
  for (const kibibytes of [4, 16, 64, 256]) {
    for (const where of ['inline', 'file'] as const) await measure(kibibytes, where);
  }
} finally {
  await sqlite.close();
  directory.remove();
}

async function measure(kibibytes: number, where: 'inline' | 'file'): Promise<void> {
  const [publishing, loading]: [number[], number[]] = [[], []];
  for (let index = 0; index < DOCUMENTS; index += 1) {
    const documentId = await createDocument(`${where}-${kibibytes}-${index}`);
    const state = randomBytes(kibibytes * 1024);
    const what = { tenant: DEFAULT_TENANT, documentId, epoch: 1, seq: 1, expectedSeq: 0, state };
    const sha256 = await sha256Hex(state);
    const inlineSnapshotBytes = where === 'inline' ? Infinity : 0;
    publishing.push(await time(() => publishState({ ...deps, inlineSnapshotBytes }, { ...what, sha256 })));
    loading.push(await time(() => loadDocument(deps, documentId)));
  }
  const figures = `${median(publishing).toFixed(2)}, ${median(loading).toFixed(2)}`;
  process.stdout.write(`${String(kibibytes).padStart(3)}, ${where.padEnd(6)}: ${figures}\n`);
}

async function createDocument(text: string): Promise<number> {
  const name = parseDocumentName(text);
  if (name === null) throw new Error('not a name');
  const { id } = (await catalog.create(DEFAULT_TENANT, name, 'benchmark', Date.now())).record;
  const entry = { documentId: id, epoch: 1, payload: new Uint8Array([1, 0]), bindings: [] };
  await log.append({ incarnation: 'benchmark', flush: id, at: Date.now(), retry: false, entries: [entry] });
  return id;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}
