import * as Y from 'yjs';
import { defaultUpdateLimits } from '../../src/core/limits.ts';
import { gateUpdate, type Verdict } from '../../src/core/update-gate.ts';
import { parseUpdate } from '../../src/core/update-parser.ts';
import { createMergedState, type MergedState } from '../../src/rooms/merged-state.ts';
import { describeDocument } from './document-description.ts';
import { createHonestWorld, type HonestUpdate } from './honest-updates.ts';
import { mutateUpdate } from './mutations.ts';
import type { Random } from './random.ts';

export interface MutationReport {
  mutations: number;
  accepted: number;
  gaps: number;
  /** Of the accepted and the gaps, those that had to go in in parts. */
  parts: number;
  readonly refused: Map<string, number>;
  /** What should not have happened, with what it takes to repeat it. */
  readonly findings: string[];
}

export interface MutationRun {
  readonly seed: number;
  readonly count: number;
  readonly onWorld?: (report: MutationReport) => void;
}

/** A document at some moment, and an honest update that comes next. */
interface Base {
  readonly encoded: Uint8Array;
  readonly state: MergedState;
  readonly update: Uint8Array;
  readonly other: Uint8Array;
}

const STEPS_PER_WORLD = 60;
const MUTANTS_PER_BASE = 60;

/** Mutates honest updates and checks that nothing that passes the gate does harm. */
export function runMutations({ seed, count, onWorld }: MutationRun): MutationReport {
  const report: MutationReport = { mutations: 0, accepted: 0, gaps: 0, parts: 0, refused: new Map(), findings: [] };
  for (let worldSeed = seed; report.mutations < count && report.findings.length < 20; worldSeed += 1) {
    runWorld(worldSeed, count, report);
    onWorld?.(report);
  }
  return report;
}

function runWorld(seed: number, count: number, report: MutationReport): void {
  const world = createHonestWorld(seed, 2 + (seed % 3));
  const doc = createServerDoc();
  let previous: Uint8Array = new Uint8Array([0, 0]);
  for (let step = 0; step < STEPS_PER_WORLD; step += 1) {
    for (const update of world.step()) {
      const base = createBase(doc, update, previous);
      const mutants = Math.min(MUTANTS_PER_BASE, count - report.mutations);
      const problems = Array.from({ length: mutants }, () => tryMutant(base, world.random, report));
      report.findings.push(...problems.flatMap((problem) => (problem === null ? [] : [`seed ${seed}: ${problem}`])));
      base.state.destroy();
      Y.applyUpdate(doc, update.bytes);
      previous = update.bytes;
    }
  }
  world.destroy();
}

function createBase(doc: Y.Doc, update: HonestUpdate, other: Uint8Array): Base {
  const encoded = Y.encodeStateAsUpdate(doc);
  const state = createMergedState();
  state.apply(encoded);
  return { encoded, state, update: update.bytes, other };
}

function tryMutant(base: Base, random: Random, report: MutationReport): string | null {
  report.mutations += 1;
  const mutant = mutateUpdate(base.update, base.other, random);
  try {
    const passed = passGate(mutant, base, report);
    const harm = passed.length === 0 ? null : findHarm(base.encoded, passed);
    return harm === null ? null : `${harm}; state ${hex(base.encoded)}, mutant ${hex(mutant)}`;
  } catch (error) {
    return `the gate threw ${String(error)}; state ${hex(base.encoded)}, mutant ${hex(mutant)}`;
  }
}

/** What of a mutant gets in, in order. */
function passGate(mutant: Uint8Array, base: Base, report: MutationReport): Uint8Array[] {
  const parsed = parseUpdate(mutant, defaultUpdateLimits);
  if (parsed.kind === 'refuse') return count(report, parsed);
  const first = gateUpdate(parsed, { state: base.state, tombstone: new Map() }, defaultUpdateLimits);
  if (first.kind !== 'part') return count(report, first);
  report.parts += 1;
  const state = createMergedState();
  state.apply(base.encoded);
  const passed: Uint8Array[] = [];
  let verdict: Verdict = first;
  while (verdict.kind === 'part') {
    state.apply(verdict.update);
    passed.push(verdict.update);
    verdict = gateUpdate(parsed, { state, tombstone: new Map() }, defaultUpdateLimits);
  }
  return [...passed, ...count(report, verdict)];
}

function count(report: MutationReport, verdict: Exclude<Verdict, { kind: 'part' }>): Uint8Array[] {
  switch (verdict.kind) {
    case 'refuse':
      report.refused.set(verdict.code, (report.refused.get(verdict.code) ?? 0) + 1);
      return [];
    case 'gap':
      report.gaps += 1;
      return verdict.ready === null ? [] : [verdict.ready];
    case 'accept':
      report.accepted += 1;
      return [verdict.update];
  }
}

/** Applies what passed to a copy of the document and looks for anything that should not be; `null` is well. */
function findHarm(encoded: Uint8Array, passed: readonly Uint8Array[]): string | null {
  try {
    const doc = createServerDoc();
    Y.applyUpdate(doc, encoded);
    for (const update of passed) Y.applyUpdate(doc, update);
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) return 'something is pending';
    const reloaded = createServerDoc();
    Y.applyUpdate(reloaded, Y.encodeStateAsUpdate(doc));
    return compare(doc, reloaded);
  } catch (error) {
    return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

function compare(doc: Y.Doc, reloaded: Y.Doc): string | null {
  if (describeDocument(doc) !== describeDocument(reloaded)) {
    return `the reloaded document reads\n${describeDocument(reloaded)}\ninstead of\n${describeDocument(doc)}`;
  }
  const [before, after] = [Y.snapshot(doc), Y.snapshot(reloaded)];
  if (Y.equalSnapshots(before, after)) return null;
  const isDeletesAlone = Y.equalSnapshots(Y.createSnapshot(before.ds, after.sv), before);
  return isDeletesAlone
    ? 'the reloaded document has another delete set'
    : 'the reloaded document has another state vector';
}

/** A document that takes updates as the merged state does, but can be looked into. */
function createServerDoc(): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = -1;
  doc.on('beforeObserverCalls', (transaction: Y.Transaction) => transaction.changed.clear());
  return doc;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
