import { describe, expect, it } from 'vitest';
import { createGateSubject } from '../../test/support/gate-subject.ts';
import { runGaps } from '../../test/support/gap-run.ts';
import { runHonest } from '../../test/support/honest-run.ts';
import { runMutations } from '../../test/support/mutation-run.ts';
import { hasTrace, TRACE_NAMES, tracePath, traceUpdates } from '../../test/support/traces.ts';
import * as Y from 'yjs';

/** Sizes of the runs; `server/test/gate-campaign.ts` does the long ones. Findings name the seed of their world. */
const size = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const SEED = size('GATE_SEED', 1);
const HONEST = size('GATE_HONEST', 5_000);
const MUTATIONS = size('GATE_MUTATIONS', 50_000);

describe('properties of the gate', () => {
  it(
    '[GATE1] honest updates of people who edit at the same time are accepted, and nobody is taken for a fork',
    { timeout: 600_000 },
    () => {
      const report = runHonest({ seed: SEED, count: HONEST });
      expect(report.findings).toEqual([]);
      expect(report.updates).toBeGreaterThanOrEqual(HONEST);
      expect(report.disagreements).toBeLessThan(1 + HONEST / 10_000);
      expect(report.rewritten).toBeLessThan(1 + HONEST / 10_000);
    },
  );

  it(
    '[GATE11] there is a gap exactly where Yjs would keep something pending, and the ready part is what Yjs integrates',
    { timeout: 600_000 },
    () => {
      const report = runGaps(SEED, HONEST / 5);
      expect(report.findings).toEqual([]);
      expect(report.gaps).toBeGreaterThan(report.updates / 20);
      expect(report.partial).toBeGreaterThan(10);
    },
  );

  it('[GATE11] nothing is left waiting in the world of seed 20261211, in which Yjs needs to be given everything twice', () => {
    const report = runGaps(20261211, 1);
    expect(report.findings).toEqual([]);
    expect(report.repeated).toBe(1);
  });

  it('[GATE19] no mutation of an honest update does harm behind the gate', { timeout: 900_000 }, () => {
    const report = runMutations({ seed: SEED, count: MUTATIONS });
    expect(report.findings).toEqual([]);
    expect(report.accepted).toBeGreaterThan(MUTATIONS / 50);
    expect(report.gaps).toBeGreaterThan(MUTATIONS / 50);
  });

  it.for(TRACE_NAMES)(
    '[GATE1] every update of the recorded session %s is accepted',
    { timeout: 120_000 },
    (name, ctx) => {
      if (!hasTrace(name)) return ctx.skip(`no recorded session at ${tracePath(name)}; set TEST_FIXTURES`);
      const { updates, endContent } = traceUpdates(name);
      const subject = createGateSubject();
      const refused = updates.filter((update) => subject.pass(update).kind !== 'accept');
      expect(refused).toEqual([]);
      const doc = new Y.Doc();
      Y.applyUpdate(doc, subject.state.encode());
      expect(doc.getText('text').toString()).toBe(endContent);
    },
  );
});
