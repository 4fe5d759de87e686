import * as Y from 'yjs';
import { openHocuspocus } from '../../support/hocuspocus-client.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { ChaosWriter } from './chaos-writer.ts';
import type { History } from './history.ts';

/** What a replica holds: two are equal when these texts are. */
function describeReplica(doc: Y.Doc): string {
  const pending = doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
  const snapshot = Y.snapshot(doc);
  return JSON.stringify({
    // Sorted: two replicas may have met clients in another order.
    stateVector: [...snapshot.sv].sort(([a], [b]) => a - b),
    deleteSet: [...snapshot.ds.clients].sort(([a], [b]) => a - b),
    content: doc.getText('markers').toString(),
    pending,
  });
}

/** Loads a document as somebody who never saw it. */
async function loadFresh(url: string, document: string, token: string): Promise<Y.Doc> {
  const reader = openHocuspocus({ url, document, token });
  await reader.ready();
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(reader.doc));
  reader.destroy();
  return doc;
}

export interface CheckedRun {
  readonly history: History;
  readonly writers: readonly ChaosWriter[];
  /** Where fresh readers load each document: every node of the cluster. */
  readonly urls: readonly string[];
  readonly token: string;
  /** Milliseconds that the replicas have, after the faults, to become equal without a new edit. */
  readonly within: number;
}

export interface CheckOutcome {
  readonly documents: number;
  readonly typed: number;
  readonly acknowledged: number;
  /** Milliseconds until all replicas were equal. */
  readonly converged: number;
  readonly problems: readonly string[];
}

/** To be called when faults are healed and nobody types: waits for equality, then holds everything against the history. */
export async function checkRun(run: CheckedRun): Promise<CheckOutcome> {
  const documents = [...new Set(run.writers.map((writer) => writer.document))];
  const started = performance.now();
  const problems: string[] = [];
  for (const document of documents) {
    const writers = run.writers.filter((writer) => writer.document === document);
    const left = Math.max(0, run.within - (performance.now() - started));
    await waitUntil(() => new Set(writers.map((writer) => describeReplica(writer.client.doc))).size === 1, {
      what: `the replicas of ${document} are equal`,
      timeoutMs: left,
      seen: () => writers.map((writer) => `${writer.text.length} (${writer.unacknowledged} open)`).join(', '),
    }).catch((error: unknown) => problems.push(String(error)));
  }
  const converged = performance.now() - started;
  for (const document of documents) problems.push(...(await checkDocument(run, document)));
  return {
    documents: documents.length,
    typed: run.history.typedCount,
    acknowledged: run.history.acknowledgedCount,
    converged,
    problems,
  };
}

async function checkDocument(run: CheckedRun, document: string): Promise<readonly string[]> {
  const problems: string[] = [];
  const [writer] = run.writers.filter((it) => it.document === document);
  const expected = writer === undefined ? '' : describeReplica(writer.client.doc);
  for (const url of run.urls) {
    const stored = await loadFresh(url, document, run.token);
    if (describeReplica(stored) !== expected) problems.push(`${document} loaded at ${url} differs from the writers`);
    const findings = run.history.check(document, stored.getText('markers').toString());
    for (const [kind, markers] of Object.entries<readonly string[]>({ ...findings })) {
      if (markers.length > 0)
        problems.push(`${document} at ${url}: ${kind} ${markers.slice(0, 5).join(', ')} (${markers.length})`);
    }
    stored.destroy();
  }
  return problems;
}
