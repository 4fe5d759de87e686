import * as Y from 'yjs';
import type { Trace } from './traces.ts';

/** The shared text of a replayed session. */
export const TRACE_ROOT = 'text';

/** What one person does, in order. */
export interface PersonScript {
  readonly agent: number;
  readonly clientId: number;
  readonly steps: readonly Step[];
}

export interface Step {
  /** What the person's editor sends for this transaction. */
  readonly update: Uint8Array;
  /** States of others that must have arrived before; empty when nothing new is needed. */
  readonly needs: readonly Milestone[];
}

/** How to see in a document that a transaction has arrived. */
export interface Milestone {
  readonly clientId: number;
  /** Least clock of that client. */
  readonly clock: number;
  /** Items that must be deleted: a transaction that only deletes moves no clock. */
  readonly deleted: readonly { readonly client: number; readonly clock: number }[];
}

interface Shadow {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly steps: Step[];
  /** Index in the recording of each own transaction. */
  readonly indexes: number[];
  /** Milestone after each own transaction. */
  readonly milestones: Milestone[];
  /** Transactions of each agent that this copy holds. */
  readonly known: number[];
}

/**
 * Turns a recording into a script per person. A patch counts positions in the merge of its parents, while a live
 * document may by then hold later edits of others too; so every person has a private copy here that receives exactly
 * the ancestors of each transaction, and the update it emits is what the person's editor sends.
 */
export function scriptTrace(trace: Trace): readonly PersonScript[] {
  const shadows = Array.from({ length: trace.numAgents }, (_, agent) => createShadow(agent, trace.numAgents));
  const versions: number[][] = [];
  for (const [index, txn] of trace.txns.entries()) {
    const shadow = pick(shadows, txn.agent);
    const version = mergeVersions(
      txn.parents.map((parent) => pick(versions, parent)),
      trace.numAgents,
    );
    if (version[txn.agent] !== shadow.steps.length)
      throw new Error(`${trace.name}: a person's edits are not one chain`);
    const needs = deliver(shadow, version, shadows);
    addStep(shadow, needs, (text) => {
      for (const [position, deleted, inserted] of txn.patches) {
        if (deleted > 0) text.delete(position, deleted);
        if (inserted.length > 0) text.insert(position, inserted);
      }
    });
    shadow.indexes.push(index);
    version[txn.agent] = shadow.steps.length;
    shadow.known[txn.agent] = shadow.steps.length;
    versions.push(version);
  }
  return shadows.map(({ doc, steps }, agent) => ({ agent, clientId: doc.clientID, steps }));
}

/** Whether a document holds what a milestone stands for. */
export function hasArrived(doc: Y.Doc, milestone: Milestone): boolean {
  if (Y.getState(doc.store, milestone.clientId) < milestone.clock) return false;
  return milestone.deleted.every(
    (id) =>
      Y.getState(doc.store, id.client) > id.clock && Y.getItem(doc.store, Y.createID(id.client, id.clock)).deleted,
  );
}

function createShadow(agent: number, agents: number): Shadow {
  const doc = new Y.Doc();
  doc.clientID = 1_000 + agent;
  return {
    doc,
    text: doc.getText(TRACE_ROOT),
    steps: [],
    indexes: [],
    milestones: [],
    known: Array<number>(agents).fill(0),
  };
}

function mergeVersions(parents: readonly (readonly number[])[], agents: number): number[] {
  return Array.from({ length: agents }, (_, agent) => Math.max(0, ...parents.map((version) => version[agent] ?? 0)));
}

/** Brings a copy to exactly the given version; returns the newest milestone of everybody who is ahead of it. */
function deliver(shadow: Shadow, version: readonly number[], shadows: readonly Shadow[]): Milestone[] {
  const needs: Milestone[] = [];
  const missing: { readonly index: number; readonly update: Uint8Array }[] = [];
  for (const [agent, count] of version.entries()) {
    const known = shadow.known[agent] ?? 0;
    if (known > count) throw new Error('a transaction does not know what its author knew before');
    if (known === count) continue;
    const other = pick(shadows, agent);
    for (let at = known; at < count; at += 1) {
      missing.push({ index: pick(other.indexes, at), update: pick(other.steps, at).update });
    }
    needs.push(pick(other.milestones, count - 1));
    shadow.known[agent] = count;
  }
  // The recording's order is causal, so nothing has to wait inside the copy for what it depends on.
  missing.sort((a, b) => a.index - b.index);
  for (const { update } of missing) Y.applyUpdate(shadow.doc, update);
  return needs;
}

function addStep(shadow: Shadow, needs: Milestone[], edit: (text: Y.Text) => void): void {
  let update: Uint8Array | null = null;
  const deleted: { client: number; clock: number }[] = [];
  shadow.doc.once('update', (bytes: Uint8Array) => (update = bytes));
  shadow.doc.once('afterTransaction', (transaction: Y.Transaction) => {
    for (const [client, ranges] of transaction.deleteSet.clients) {
      for (const { clock } of ranges) deleted.push({ client, clock });
    }
  });
  shadow.doc.transact(() => edit(shadow.text));
  if (update === null) throw new Error('a transaction changes nothing');
  const last = shadow.milestones.at(-1);
  shadow.milestones.push({
    clientId: shadow.doc.clientID,
    clock: Y.getState(shadow.doc.store, shadow.doc.clientID),
    deleted: deleted.length > 0 ? deleted : (last?.deleted ?? []),
  });
  shadow.steps.push({ update, needs });
}

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}
