import { DEFAULT_TENANT, parseDocumentName, type DocumentName } from '@scriptorium/shared/document-name';
import type { CounterName } from '../../src/ports/telemetry.ts';
import type { DocumentId } from '../../src/ports/update-log.ts';
import type { Cluster } from './cluster.ts';
import type { Faults } from './faults.ts';
import type { ModelClient } from './model-client.ts';
import type { Oracle } from './oracle.ts';
import type { RandomStreams } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';
import type { SharedStore } from './store-ports.ts';
import type { Trace } from './trace.ts';

/** What happened how often; what nodes count goes by the names of their metrics. */
export type Counts = Record<'edits' | 'saved' | 'rows' | 'forks', number> & Partial<Record<CounterName, number>>;

/** Everything that one run consists of. */
export interface World {
  readonly scheduler: Scheduler;
  readonly streams: RandomStreams;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly store: SharedStore;
  readonly oracle: Oracle;
  readonly cluster: Cluster;
  readonly clients: readonly ModelClient[];
  /** Names that clients have open, one for each document. */
  readonly names: readonly DocumentName[];
  /** Texts that a client called saved, with the document they are in. */
  readonly saved: Map<string, DocumentId>;
  /** Texts that somebody deleted, or a part of them. */
  readonly doomed: Set<string>;
  readonly counts: Counts;
  /** When a name last changed. */
  readonly changed: { names: number };
  /** Takes what is wrong. */
  find(finding: string): void;
}

export const TENANT = DEFAULT_TENANT;

export function toName(text: string): DocumentName {
  const name = parseDocumentName(text);
  if (name === null) throw new Error(`not a document name: ${text}`);
  return name;
}
