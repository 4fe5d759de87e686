import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as Y from 'yjs';

/** The recorded editing sessions that come with the project's fixtures. */
export const TRACE_NAMES = ['friendsforever', 'clownschool'] as const;

interface Trace {
  readonly endContent: string;
  readonly numAgents: number;
  readonly txns: readonly {
    readonly parents: readonly number[];
    readonly agent: number;
    readonly patches: readonly (readonly [number, number, string])[];
  }[];
}

/** Where a trace lies: below `TEST_FIXTURES`, else next to the repository. */
export function tracePath(name: string): string {
  const fixtures = process.env['TEST_FIXTURES'] ?? resolve(import.meta.dirname, '../../../../shared');
  return resolve(fixtures, 'traces', `${name}.json.gz`);
}

/** Whether the trace is there. */
export function hasTrace(name: string): boolean {
  return existsSync(tracePath(name));
}

/** The updates that the people of a trace sent, each causally ready behind those before it, and the text at the end. */
export function traceUpdates(name: string): { readonly updates: readonly Uint8Array[]; readonly endContent: string } {
  const trace = JSON.parse(gunzipSync(readFileSync(tracePath(name))).toString('utf8')) as Trace;
  const updates: Uint8Array[] = [];
  const writers = Array.from({ length: trace.numAgents }, (_, agent) => createWriter(agent, updates));
  for (const [index, { agent, parents, patches }] of trace.txns.entries()) {
    const writer = writers[agent];
    if (writer === undefined) throw new Error('a trace names an agent that it does not have');
    for (const parent of parents) writer.receiveUntil(parent);
    writer.edit(index, patches);
  }
  return { updates, endContent: trace.endContent };

  function createWriter(agent: number, sent: Uint8Array[]) {
    const doc = new Y.Doc();
    doc.clientID = 1_000_000_000 + agent;
    const seen = new Set<number>();
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'remote') sent.push(update);
    });
    const receiveUntil = (transaction: number): void => {
      // What a transaction saw comes before it, so that each is received behind its own parents.
      const wanted: number[] = [];
      for (const open = [transaction]; open.length > 0;) {
        const next = open.pop() ?? 0;
        if (seen.has(next)) continue;
        seen.add(next);
        wanted.push(next);
        open.push(...(trace.txns[next]?.parents ?? []));
      }
      for (const one of wanted.sort((a, b) => a - b)) {
        const update = sent[one];
        if (update !== undefined) Y.applyUpdate(doc, update, 'remote');
      }
    };
    const edit = (index: number, patches: readonly (readonly [number, number, string])[]): void => {
      seen.add(index);
      doc.transact(() => {
        for (const patch of patches) editText(doc.getText('text'), patch);
      });
    };
    return { receiveUntil, edit };
  }
}

/** Positions count Unicode characters. The sessions have none beyond the basic plane, so these are UTF-16 units too. */
function editText(text: Y.Text, [position, deleted, inserted]: readonly [number, number, string]): void {
  if (deleted > 0) text.delete(position, deleted);
  if (inserted !== '') text.insert(position, inserted);
}
