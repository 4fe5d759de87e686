import { atMost, type Measurement, type Target } from './report.ts';

/** One load, and who is put under it. */
export interface Suite {
  readonly title: string;
  readonly servers: readonly string[];
  /** Nodes that share PostgreSQL, Redis and an object store; 0: one process with what it brings along. */
  readonly nodes: number;
  readonly documents: number;
  /** Clients in each document. */
  readonly clients: number;
  /** Edits per client and second. */
  readonly rate: number;
  /** Edits of the long session that every document holds before; 0: empty documents. */
  readonly baseEdits: number;
  /** Whether clients of y-websocket's dialect are among the servers' too, so that acknowledgements may be missing. */
  readonly targets: (read: ReadMedian) => readonly (Target | null)[];
}

/** The median of a figure over the rounds of one server; `null` where it has none. */
export type ReadMedian = (server: string, read: (measurement: Measurement) => number | null) => number | null;

const cpuOf = (measurement: Measurement): number => measurement.serverCpuPerEdit;

function ratio(read: ReadMedian): number | null {
  const [ours, stock] = [read('scriptorium', cpuOf), read('hocuspocus', cpuOf)];
  return ours === null || stock === null ? null : ours / stock;
}

function traffic(nodes: number): Suite {
  return {
    title: `what goes over Redis with ${nodes} nodes`,
    servers: ['scriptorium', 'hocuspocus'],
    nodes,
    documents: 20,
    clients: nodes,
    rate: 5,
    baseEdits: 0,
    targets: (read) => [
      atMost(
        `with ${nodes} nodes, one publish per flush and document: at most one per edit`,
        read('scriptorium', (it) => it.publishesPerEdit),
        1,
      ),
    ],
  };
}

/** What `npm run bench` runs, in this order. */
export const SUITES: Readonly<Record<string, Suite>> = {
  single: {
    title: 'one node, embedded: 200 small documents',
    servers: ['scriptorium', 'hocuspocus', 'y-websocket', 'relay'],
    nodes: 0,
    documents: 200,
    clients: 2,
    rate: 5,
    baseEdits: 0,
    targets: (read) => [
      atMost(
        'CPU per edit at most that of stock Hocuspocus without storage (µs)',
        read('scriptorium', cpuOf),
        read('hocuspocus', cpuOf),
      ),
      atMost(
        'acknowledgement p95 at most 50 ms',
        read('scriptorium', (it) => it.acknowledgement?.p95 ?? null),
        50,
      ),
      atMost(
        'start to ready at most 1500 ms',
        read('scriptorium', (it) => it.readyAfterMs),
        1_500,
      ),
      atMost(
        'idle memory at most 120 MB',
        read('scriptorium', (it) => it.idleMegabytes),
        120,
      ),
    ],
  },
  large: {
    title: 'two nodes: 10 documents of about 300 KB',
    servers: ['scriptorium', 'hocuspocus'],
    nodes: 2,
    documents: 10,
    clients: 4,
    rate: 5,
    baseEdits: 110_000,
    targets: (read) => [
      atMost('large documents, CPU per edit at most 1/5 of stock', ratio(read), 0.2),
      atMost(
        'edit to the other node, p99 at most 60 ms',
        read('scriptorium', (it) => it.otherNode?.p99 ?? null),
        60,
      ),
    ],
  },
  small: {
    title: 'two nodes: 100 small documents',
    servers: ['scriptorium', 'hocuspocus'],
    nodes: 2,
    documents: 100,
    clients: 2,
    rate: 5,
    baseEdits: 0,
    targets: (read) => [atMost('small documents, CPU per edit at most 0.6 of stock', ratio(read), 0.6)],
  },
  durable: {
    title: 'one node on PostgreSQL: 2,000 edits a second',
    servers: ['scriptorium'],
    nodes: 1,
    documents: 200,
    clients: 2,
    rate: 5,
    baseEdits: 0,
    targets: (read) => [
      atMost(
        'durable acknowledgement p50 at most 15 ms',
        read('scriptorium', (it) => it.acknowledgement?.p50 ?? null),
        15,
      ),
      atMost(
        'durable acknowledgement p95 at most 50 ms',
        read('scriptorium', (it) => it.acknowledgement?.p95 ?? null),
        50,
      ),
      atMost(
        'durable acknowledgement p99 at most 150 ms',
        read('scriptorium', (it) => it.acknowledgement?.p99 ?? null),
        150,
      ),
    ],
  },
  'traffic-2': traffic(2),
  'traffic-3': traffic(3),
  'traffic-5': traffic(5),
};
