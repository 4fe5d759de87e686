import type { Traffic } from './redis-traffic.ts';
import type { Percentiles } from './samples.ts';

/** How clients talk to the server under load. */
export type Dialect = 'hocuspocus' | 'y-websocket' | 'relay';

/** What the load generator is told. */
export interface LoadPlan {
  readonly dialect: Dialect;
  /**
   * URLs of the nodes, one or more; the clients of a document go to them in turn. All but Hocuspocus clients append the
   * document's name.
   */
  readonly urls: readonly string[];
  /** Put behind the document's name. */
  readonly query?: string;
  /** Processes whose CPU time is measured, together. */
  readonly serverPids: readonly number[];
  /** The Redis between them, whose traffic is measured; without one there is none. */
  readonly redisUrl?: string;
  /** Token that Hocuspocus clients send. */
  readonly token: string;
  /** Documents are called `PREFIX-0` and so on; each prefix may be used once per server. */
  readonly prefix: string;
  readonly documents: number;
  readonly clients: number;
  readonly rate: number;
  readonly warmUp: number;
  readonly seconds: number;
  /** File with a Yjs update that each document holds before the load begins; without it documents are empty. */
  readonly baseFile?: string;
}

/** What the load generator saw in the measured window. */
export interface LoadResult {
  readonly edits: number;
  /** Server CPU time per edit in microseconds. */
  readonly serverCpuPerEdit: number;
  /** Share of one core that the server used. */
  readonly serverCpuShare: number;
  /** Share of one core that the load generator used. */
  readonly generatorCpuShare: number;
  /** From the send of an edit to its arrival at the other clients. */
  readonly peer: Percentiles | null;
  /** The same, for clients on another node than the author's. */
  readonly otherNode: Percentiles | null;
  /** From the send of an edit to its acknowledgement. */
  readonly acknowledgement: Percentiles | null;
  /** How late the generator sent an edit, p99 in milliseconds. */
  readonly sendLagP99: number;
  readonly residentMegabytes: number;
  /** Deliveries to peers, and acknowledgements, that never came. */
  readonly undelivered: number;
  readonly unacknowledged: number;
  /** What went over Redis in the measured window, and how long that was; `null` without Redis. */
  readonly traffic: (Traffic & { readonly seconds: number }) | null;
}
