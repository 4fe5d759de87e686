// Prints what an append costs on the embedded store: node server/test/append-benchmark.ts [seconds per case]
import { randomBytes, randomUUID } from 'node:crypto';
import { DEFAULT_TENANT, parseDocumentName } from '@scriptorium/shared/document-name';
import { createDocumentCatalog } from '../src/adapters/sql/document-catalog.ts';
import { openSqlite } from '../src/adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from '../src/adapters/sqlite/update-log.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import type { DocumentId, UpdateLog } from '../src/ports/update-log.ts';
import { createSilentTelemetry } from './support/silent-telemetry.ts';
import { createTemporaryDirectory } from './support/temporary-directory.ts';

const DOCUMENTS = 200;
/** A keystroke with its actor; five characters make eleven bytes more. */
const PAYLOAD_BYTES = 60;
const WARM_UP_FLUSHES = 50;
const SECONDS = Number(process.argv[2] ?? 3);

interface Figures {
  readonly rows: number;
  readonly seconds: number;
  readonly mainCpu: number;
  readonly allCpu: number;
  readonly latencies: readonly number[];
}

const directory = createTemporaryDirectory('append-benchmark');
const connection = await openSqlite({
  directory: directory.path,
  clock: createSystemClock(),
  log: createSilentTelemetry().log,
});
try {
  const log = createSqliteUpdateLog(connection);
  const ids = await createDocuments();
  process.stdout.write(
    `${DOCUMENTS} documents, rows of ${PAYLOAD_BYTES} bytes, one batch in flight, ${SECONDS} s each\n`,
  );
  for (const size of [1, 10, 50]) print(size, await measure(log, ids, size));
} finally {
  await connection.close();
  directory.remove();
}

async function createDocuments(): Promise<readonly DocumentId[]> {
  const catalog = createDocumentCatalog({ database: connection.database });
  const ids: DocumentId[] = [];
  for (let index = 0; index < DOCUMENTS; index += 1) {
    const name = parseDocumentName(`document-${index}`);
    if (name === null) throw new Error('not a name');
    ids.push((await catalog.create(DEFAULT_TENANT, name, 'benchmark', Date.now())).record.id);
  }
  return ids;
}

async function measure(log: UpdateLog, ids: readonly DocumentId[], size: number): Promise<Figures> {
  const incarnation = randomUUID();
  let flush = 0;
  const appendOnce = async (): Promise<void> => {
    flush += 1;
    const entries = Array.from({ length: size }, (_, index) => ({
      documentId: ids[(flush * size + index) % ids.length] ?? 0,
      epoch: 1,
      payload: randomBytes(PAYLOAD_BYTES),
      bindings: [],
    }));
    const results = await log.append({ incarnation, flush, at: Date.now(), retry: false, entries });
    if (results.some((result) => result.kind !== 'stored')) throw new Error('a row was not stored');
  };
  for (let index = 0; index < WARM_UP_FLUSHES; index += 1) await appendOnce();
  const latencies: number[] = [];
  const [cpu, threadCpu, start] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  while (performance.now() - start < SECONDS * 1_000) {
    const before = performance.now();
    await appendOnce();
    latencies.push(performance.now() - before);
  }
  const seconds = (performance.now() - start) / 1_000;
  const [all, main] = [process.cpuUsage(cpu), process.threadCpuUsage(threadCpu)];
  return {
    rows: latencies.length * size,
    seconds,
    mainCpu: main.user + main.system,
    allCpu: all.user + all.system,
    latencies: latencies.toSorted((left, right) => left - right),
  };
}

function print(size: number, figures: Figures): void {
  const { rows, seconds, mainCpu, allCpu, latencies } = figures;
  const at = (share: number): string => (latencies[Math.floor((latencies.length - 1) * share)] ?? 0).toFixed(2);
  const columns = [
    `batch of ${String(size).padStart(2)}`,
    `${Math.round(rows / seconds)} rows/s`,
    `main thread ${(mainCpu / rows).toFixed(1)} µs/row`,
    `all threads ${(allCpu / rows).toFixed(1)} µs/row`,
    `latency p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} max ${at(1)} ms`,
  ];
  process.stdout.write(`${columns.join('  ')}\n`);
}
