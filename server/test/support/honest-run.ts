import * as Y from 'yjs';
import { createCarriedRanges } from '../../src/core/fork-carried.ts';
import { detectFork } from '../../src/core/fork-detection.ts';
import { defaultUpdateLimits } from '../../src/core/limits.ts';
import { gateUpdate, type Verdict } from '../../src/core/update-gate.ts';
import { parseUpdate, type ParsedUpdate } from '../../src/core/update-parser.ts';
import { createMergedState, type MergedState } from '../../src/rooms/merged-state.ts';
import { describeDocument } from './document-description.ts';
import { createHonestWorld, type HonestUpdate, type HonestWorld } from './honest-updates.ts';

export interface HonestReport {
  updates: number;
  bytes: number;
  /** Updates that are a single edit, for which the times are taken. */
  edits: number;
  /** Milliseconds for each edit: in parsing and gating, and in applying. */
  readonly gateTimes: number[];
  readonly applyTimes: number[];
  /** Worlds in which the clients disagree among themselves in the end, by a fault of Yjs. */
  disagreements: number;
  /** What should not have happened, with the seed of the world. */
  readonly findings: string[];
  /** Single edits of which the gate did not take the bytes as they are; only a fault of Yjs makes such. */
  rewritten: number;
}

export interface HonestRun {
  readonly seed: number;
  readonly count: number;
  readonly onWorld?: (report: HonestReport) => void;
}

const STEPS_PER_WORLD = 150;

/** Passes honest updates of many worlds through the gate into merged states; every one must be accepted. */
export function runHonest({ seed, count, onWorld }: HonestRun): HonestReport {
  const report: HonestReport = {
    updates: 0,
    edits: 0,
    bytes: 0,
    gateTimes: [],
    applyTimes: [],
    disagreements: 0,
    rewritten: 0,
    findings: [],
  };
  for (let worldSeed = seed; report.updates < count && report.findings.length < 20; worldSeed += 1) {
    runWorld(worldSeed, report);
    onWorld?.(report);
  }
  return report;
}

function runWorld(seed: number, report: HonestReport): void {
  const world = createHonestWorld(seed, 2 + (seed % 4));
  const state = createMergedState();
  const check = (updates: readonly HonestUpdate[]): void => {
    for (const update of updates) {
      const problem = passOne(update, state, report);
      if (problem !== null) report.findings.push(`seed ${seed}, update ${report.updates} (${update.via}): ${problem}`);
    }
  };
  for (let step = 0; step < STEPS_PER_WORLD; step += 1) check(world.step());
  check(world.settle());
  const difference = compareReplicas(world, state, report);
  if (difference !== null) report.findings.push(`seed ${seed}: ${difference}`);
  world.destroy();
  state.destroy();
}

function passOne({ bytes, client, via }: HonestUpdate, state: MergedState, report: HonestReport): string | null {
  report.updates += 1;
  const start = performance.now();
  const parsed = parseUpdate(bytes, defaultUpdateLimits);
  if (parsed.kind === 'refuse') return `${parsed.code}: ${parsed.detail}`;
  const verdict = gateUpdate(parsed, { state, tombstone: new Map() }, defaultUpdateLimits);
  const gated = performance.now();
  if (detectFork(parsed, new Set([client]), { state, carried: createCarriedRanges() }) !== null)
    return 'taken for a fork';
  const applying = performance.now();
  const problem = applyAll(parsed, verdict, state);
  if (via === 'edit') {
    if (verdict.kind !== 'accept' || verdict.update !== bytes) report.rewritten += 1;
    report.edits += 1;
    report.bytes += bytes.length;
    report.gateTimes.push(gated - start);
    report.applyTimes.push(performance.now() - applying);
  }
  if (problem !== null) return problem;
  if (state.hasPending()) return 'something is pending';
  return state.contains(parsed) ? null : 'not contained after it was applied';
}

/** Applies what the gate lets in, part by part; returns why something did not get in. */
function applyAll(parsed: ParsedUpdate, first: Verdict, state: MergedState): string | null {
  let verdict = first;
  while (verdict.kind === 'part') {
    state.apply(verdict.update);
    verdict = gateUpdate(parsed, { state, tombstone: new Map() }, defaultUpdateLimits);
  }
  if (verdict.kind === 'gap') return `gap ${[...verdict.missing].join()}`;
  if (verdict.kind === 'refuse') return `${verdict.code}: ${verdict.detail}`;
  state.apply(verdict.update);
  return null;
}

/** Where Yjs itself makes the clients disagree (its redo can), the server has to agree with one of them. */
function compareReplicas(world: HonestWorld, state: MergedState, report: HonestReport): string | null {
  const loaded = new Y.Doc();
  Y.applyUpdate(loaded, state.encode());
  const server = describeReplica(loaded);
  const clients = new Set(world.docs.map(describeReplica));
  if (clients.size > 1) report.disagreements += 1;
  return clients.has(server) ? null : `the clients read\n${[...clients].join('\n')}\nand the server\n${server}`;
}

/**
 * Loads the replica's state into roots without a type, so that replicas that did and did not name one compare. Yjs
 * itself disagrees about emoji: formatting that begins inside a surrogate pair replaces both halves by U+FFFD in the
 * replica that does it, also when it sends nothing. So all halves are read as U+FFFD.
 */
function describeReplica(doc: Y.Doc): string {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  return describeDocument(copy).replaceAll(/[\ud800-\udfff]/g, '\ufffd');
}
