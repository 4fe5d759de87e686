import * as Y from 'yjs';
import { createGateSubject, type GateSubject } from './gate-subject.ts';
import { describeDocument } from './document-description.ts';
import { createHonestWorld } from './honest-updates.ts';
import { createRandom } from './random.ts';

export interface GapReport {
  updates: number;
  gaps: number;
  /** Gaps of which a part could go in. */
  partial: number;
  /** Worlds that Yjs needed to be given twice, by a fault of its own. */
  repeated: number;
  readonly findings: string[];
}

const STEPS_PER_WORLD = 60;

/**
 * Delivers the updates of honest worlds late, twice and out of order. The gate must see a gap exactly where Yjs would
 * keep something pending, and let in exactly what Yjs would integrate.
 */
export function runGaps(seed: number, count: number): GapReport {
  const report: GapReport = { updates: 0, gaps: 0, partial: 0, repeated: 0, findings: [] };
  for (let worldSeed = seed; report.updates < count && report.findings.length < 20; worldSeed += 1)
    runWorld(worldSeed, report);
  return report;
}

function runWorld(seed: number, report: GapReport): void {
  const updates = outOfOrder(seed);
  const subject = createGateSubject();
  for (const update of updates) {
    const problem = deliver(subject, update, report);
    if (problem !== null) report.findings.push(`seed ${seed}, update ${report.updates}: ${problem}`);
  }
  // Everything came at least once, so delivering all of it again, for as long as it helps, leaves no gap.
  for (let round = 0; round < updates.length; round += 1) {
    const before = subject.state.stateVector().join();
    const verdicts = updates.map((update) => subject.pass(update).kind);
    if (verdicts.every((kind) => kind === 'accept')) break;
    if (subject.state.stateVector().join() === before) {
      report.findings.push(`seed ${seed}: a gap stays although everything is there`);
      break;
    }
  }
  const whole = load(new Uint8Array([0, 0]));
  for (const update of updates) Y.applyUpdate(whole, update);
  if (isWaiting(whole)) {
    // Yjs (13.6.33) tries what is pending again only when a clock passes one it noted as missing. Structs of two clients
    // that wait for each other's pending ones in turn can stay there although all came; the same updates again free them.
    report.repeated += 1;
    for (const update of updates) Y.applyUpdate(whole, update);
  }
  if (isWaiting(whole)) report.findings.push(`seed ${seed}: Yjs keeps something pending although everything is there`);
  if (readable(whole) !== readable(load(subject.state.encode())))
    report.findings.push(`seed ${seed}: not what Yjs makes of it`);
}

function outOfOrder(seed: number): Uint8Array[] {
  const world = createHonestWorld(seed, 2 + (seed % 3));
  const random = createRandom(seed ^ 0x5eed);
  const updates: Uint8Array[] = [];
  for (let step = 0; step < STEPS_PER_WORLD; step += 1) updates.push(...world.step().map(({ bytes }) => bytes));
  updates.push(...world.settle().map(({ bytes }) => bytes));
  world.destroy();
  const merged: Uint8Array[] = [];
  for (const [index, update] of updates.entries()) {
    // Two updates with others between them make one with a skipped range.
    const other = updates[random.below(updates.length)];
    merged.push(other !== undefined && random.chance(0.2) ? Y.mergeUpdates([update, other]) : update);
    const swap = Math.max(0, index - random.below(random.chance(0.3) ? 20 : 3));
    [merged[index], merged[swap]] = [merged[swap] ?? update, merged[index] ?? update];
  }
  return merged;
}

function deliver(subject: GateSubject, update: Uint8Array, report: GapReport): string | null {
  report.updates += 1;
  const reference = load(subject.state.encode());
  Y.applyUpdate(reference, update);
  const isPending = isWaiting(reference);
  const verdict = subject.pass(update);
  if (verdict.kind === 'refuse') return `${verdict.code}: ${verdict.detail}`;
  if (verdict.kind === 'gap') {
    report.gaps += 1;
    if (verdict.ready !== null) report.partial += 1;
  }
  if ((verdict.kind === 'gap') !== isPending)
    return `${verdict.kind}, while Yjs has ${isPending ? 'something' : 'nothing'} pending`;
  if (subject.state.hasPending()) return 'something is pending';
  if (Y.encodeStateVector(reference).join() !== subject.state.stateVector().join())
    return 'another state vector than Yjs has';
  return readable(reference) === readable(load(subject.state.encode())) ? null : 'not what Yjs reads';
}

function load(encoded: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  // As in the merged state: no clean-up of formatting, which would be an edit of this replica.
  doc.on('beforeObserverCalls', (transaction: Y.Transaction) => transaction.changed.clear());
  Y.applyUpdate(doc, encoded);
  return doc;
}

function isWaiting(doc: Y.Doc): boolean {
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
}

/** Yjs divides surrogate pairs in one replica and not in another; see `honest-run.ts`. */
function readable(doc: Y.Doc): string {
  return describeDocument(doc).replaceAll(/[\ud800-\udfff]/g, '\ufffd');
}
