/** What main thread and worker say to each other. */

/** What the worker needs to start. */
export interface WorkerOptions {
  /** Path of the database file. */
  readonly file: string;
}

/**
 * A batch made ready for the worker: all payloads in one buffer and all numbers in another, both handed over without a
 * copy, since cloning an object per entry costs more than the rest of an append.
 */
export interface PackedBatch {
  readonly incarnation: string;
  readonly flush: number;
  readonly at: number;
  readonly retry: boolean;
  /** Per entry: document, epoch, length of the payload (-1: none), number of bindings, head to follow (-1: any). */
  readonly layout: Float64Array<ArrayBuffer>;
  /** The payloads, one behind the other. */
  readonly payloads: Uint8Array<ArrayBuffer>;
  /** The bindings of all entries, one behind the other. */
  readonly clients: readonly number[];
  readonly users: readonly string[];
}

/** Numbers per entry in `PackedBatch.layout`. */
export const LAYOUT_WIDTH = 5;

/** Outcomes of entries that were not stored; a stored one's outcome is its sequence number. */
export const OUTCOME = { fenced: -1, deleted: -2, refused: -3, moved: -4 } as const;

export interface AppendAnswer {
  /** One number per entry: a sequence number, or one of `OUTCOME`. */
  readonly outcomes: Float64Array<ArrayBuffer>;
  /** Why entries were refused. */
  readonly refusals: readonly { readonly documentId: number; readonly reason: string }[];
}

export interface QueryAnswer {
  readonly rows: readonly unknown[];
  /** Rows inserted, updated or deleted; 0 for a statement that returns rows. */
  readonly changes: number;
}

/** What can be asked of the worker. It answers in the order of the requests. */
export type Command =
  | { readonly kind: 'append'; readonly batch: PackedBatch }
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'close' };

/** The answer to each kind of command. */
export interface Answers {
  readonly append: AppendAnswer;
  readonly query: QueryAnswer;
  readonly begin: null;
  readonly commit: null;
  readonly rollback: null;
  readonly close: null;
}

/** Why something failed: SQLite's code where it has one, and its message. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Commands with the answer to each kind: what a worker is for. */
export interface Protocol {
  readonly command: { readonly kind: string };
  readonly answers: object;
}

/** What the worker of the log and the catalog is for. */
export interface LogProtocol extends Protocol {
  readonly command: Command;
  readonly answers: Answers;
}

export interface WorkerRequest<P extends Protocol = LogProtocol> {
  readonly id: number;
  readonly command: P['command'];
}

export type WorkerResponse<P extends Protocol = LogProtocol> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: P['answers'][keyof P['answers']] }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure };
