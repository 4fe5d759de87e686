// Prints what an append costs: node server/test/append-benchmark.ts [seconds per case] [sqlite|postgres|pgbouncer …]
import { randomBytes, randomUUID } from 'node:crypto';
import { DEFAULT_TENANT, parseDocumentName } from '@scriptorium/shared/document-name';
import type { DocumentId, UpdateLog } from '../src/ports/update-log.ts';
import { openEmbeddedStore } from './contracts/embedded-store.ts';
import { openPostgresStore } from './contracts/postgres-store.ts';
import type { StoreUnderTest } from './contracts/store-under-test.ts';
import { startPgBouncer } from './services/pgbouncer-server.ts';
import { startPostgres } from './services/postgres-server.ts';
import { createTemporaryDirectory } from './support/temporary-directory.ts';

const DOCUMENTS = 200;
/** A keystroke with its actor; five characters make eleven bytes more. */
const PAYLOAD_BYTES = 60;
const WARM_UP_FLUSHES = 50;
const SECONDS = Number(process.argv[2] ?? 3);

/** A store of the benchmark. Each node that opens it is a writer of its own. */
interface Subject {
  readonly openNode: () => Promise<StoreUnderTest>;
  readonly dispose: () => Promise<void>;
}

interface BenchmarkCase {
  /** Documents per flush. */
  readonly size: number;
  /** Writers at once, each with one batch in flight. */
  readonly writers: number;
  /** Whether each flush is told that an earlier try of it may have been stored. */
  readonly retry: boolean;
}

interface Figures {
  readonly rows: number;
  readonly busy: number;
  readonly seconds: number;
  readonly mainCpu: number;
  readonly allCpu: number;
  readonly latencies: readonly number[];
}

const ALONE: readonly BenchmarkCase[] = [1, 10, 50].map((size) => ({ size, writers: 1, retry: false }));
const TOGETHER: readonly BenchmarkCase[] = [
  { size: 50, writers: 4, retry: false },
  { size: 50, writers: 1, retry: true },
];

const SUBJECTS = {
  sqlite: { open: openSqliteSubject, cases: ALONE },
  postgres: { open: () => openPostgresSubject(false), cases: [...ALONE, ...TOGETHER] },
  pgbouncer: { open: () => openPostgresSubject(true), cases: [...ALONE, ...TOGETHER] },
} as const;

async function openSqliteSubject(): Promise<Subject> {
  const directory = createTemporaryDirectory('append-benchmark');
  return {
    openNode: () => openEmbeddedStore(directory.path),
    dispose: async () => directory.remove(),
  };
}

/** PostgreSQL as it comes, with fsync on. */
async function openPostgresSubject(pooled: boolean): Promise<Subject> {
  const server = await startPostgres();
  await server.createDatabase('benchmark');
  const pooler = pooled ? await startPgBouncer(server.port, 8) : null;
  const direct = server.urlOf('benchmark');
  const url = pooler === null ? direct : direct.replace(`:${server.port}/`, `:${pooler.port}/`);
  return {
    openNode: () => openPostgresStore(url, { directUrl: direct }),
    dispose: async () => {
      await pooler?.dispose();
      await server.dispose();
    },
  };
}

async function measure(subject: Subject, one: BenchmarkCase): Promise<Figures> {
  const nodes = await Promise.all(Array.from({ length: one.writers }, () => subject.openNode()));
  const ids = await createDocuments(nodes[0]!);
  const writers = nodes.map(({ log }, index) => new BenchmarkWriter(log, ids.slice(index).concat(ids), one));
  for (const writer of writers) for (let flush = 0; flush < WARM_UP_FLUSHES; flush += 1) await writer.append();
  const [before, cpu, threadCpu] = [count(writers), process.cpuUsage(), process.threadCpuUsage()];
  const start = performance.now();
  const latencies: number[] = [];
  await Promise.all(
    writers.map(async (writer) => {
      while (performance.now() - start < SECONDS * 1_000) latencies.push(await writer.append());
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const [all, main, after] = [process.cpuUsage(cpu), process.threadCpuUsage(threadCpu), count(writers)];
  await Promise.all(nodes.map((node) => node.close()));
  return {
    rows: after.rows - before.rows,
    busy: after.busy - before.busy,
    seconds,
    mainCpu: main.user + main.system,
    allCpu: all.user + all.system,
    latencies: latencies.toSorted((left, right) => left - right),
  };
}

async function createDocuments({ catalog }: StoreUnderTest): Promise<readonly DocumentId[]> {
  const ids: DocumentId[] = [];
  for (let index = 0; index < DOCUMENTS; index += 1) {
    const name = parseDocumentName(`${randomUUID()}/${index}`);
    if (name === null) throw new Error('not a name');
    ids.push((await catalog.create(DEFAULT_TENANT, name, 'benchmark', Date.now())).record.id);
  }
  return ids;
}

function count(writers: readonly BenchmarkWriter[]): { readonly rows: number; readonly busy: number } {
  return {
    rows: writers.reduce((sum, { rows }) => sum + rows, 0),
    busy: writers.reduce((sum, { busy }) => sum + busy, 0),
  };
}

/** One node's writer: flush after flush, always the next documents in turn. */
class BenchmarkWriter {
  readonly #log: UpdateLog;
  readonly #ids: readonly DocumentId[];
  readonly #case: BenchmarkCase;
  readonly #incarnation = randomUUID();
  #flush = 0;
  rows = 0;
  /** Rows that somebody else's append kept out of a flush. */
  busy = 0;

  constructor(log: UpdateLog, ids: readonly DocumentId[], one: BenchmarkCase) {
    this.#log = log;
    this.#ids = ids;
    this.#case = one;
  }

  /** Milliseconds until the answer. */
  async append(): Promise<number> {
    const { size, retry } = this.#case;
    this.#flush += 1;
    const flush = this.#flush;
    const entries = Array.from({ length: size }, (_, index) => ({
      documentId: this.#ids[(flush * size + index) % DOCUMENTS] ?? 0,
      epoch: 1,
      payload: randomBytes(PAYLOAD_BYTES),
      bindings: [],
    }));
    const start = performance.now();
    const results = await this.#log.append({ incarnation: this.#incarnation, flush, at: Date.now(), retry, entries });
    const milliseconds = performance.now() - start;
    for (const { kind } of results) {
      if (kind === 'stored') this.rows += 1;
      else if (kind === 'busy') this.busy += 1;
      else throw new Error(`a row was not stored: ${kind}`);
    }
    return milliseconds;
  }
}

function print(name: string, { size, writers, retry }: BenchmarkCase, figures: Figures): void {
  const { rows, busy, seconds, mainCpu, allCpu, latencies } = figures;
  const at = (share: number): string => (latencies[Math.floor((latencies.length - 1) * share)] ?? 0).toFixed(2);
  const columns = [
    `${name.padEnd(9)} batch of ${String(size).padStart(2)}${writers > 1 ? `, ${writers} writers` : ''}${retry ? ', as a retry' : ''}`,
    `${Math.round(rows / seconds)} rows/s`,
    `main thread ${(mainCpu / rows).toFixed(1)} µs/row`,
    `all threads ${(allCpu / rows).toFixed(1)} µs/row`,
    `latency p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} max ${at(1)} ms`,
    ...(writers > 1 ? [`busy ${((100 * busy) / (rows + busy)).toFixed(1)} %`] : []),
  ];
  process.stdout.write(`${columns.join('  ')}\n`);
}

process.stdout.write(`${DOCUMENTS} documents, rows of ${PAYLOAD_BYTES} bytes, ${SECONDS} s each\n`);
const wanted = process.argv.slice(3);
for (const [name, { open, cases }] of Object.entries(SUBJECTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const subject = await open();
  try {
    for (const one of cases) print(name, one, await measure(subject, one));
  } finally {
    await subject.dispose();
  }
}
