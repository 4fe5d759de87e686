import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPercentiles } from '../bench/samples.ts';
import { recordResult } from '../support/results.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { checkRun } from './support/checker.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { History } from './support/history.ts';
import { startTyping } from './support/typing.ts';

const HELD = 'held';
const OTHERS = Array.from({ length: 12 }, (_, index) => `free-${index}`);
const HOLD_MS = pickSize({ share: 4, full: 10 }) * 1_000;
/** Milliseconds that an acknowledgement may take, on a machine that has nothing else to do. */
const PROMISED = 150;

describe("one document's head is held", () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster()));
  afterAll(() => cluster.dispose());

  /** Holds the head in a transaction of somebody else's; what span of time that was. */
  async function holdHead(milliseconds: number): Promise<{ readonly from: number; readonly to: number }> {
    const client = new Client({ connectionString: cluster.postgres.urlOf('chaos') });
    await client.connect();
    try {
      await client.query('begin');
      const { rowCount } = await client.query(
        `select from document_heads where document_id = (select id from documents where name = '${HELD}') for update`,
      );
      expect(rowCount).toBe(1);
      const from = performance.now();
      await sleep(milliseconds);
      const to = performance.now();
      await client.query('rollback');
      return { from, to };
    } finally {
      await client.end();
    }
  }

  it(
    "[CHAOS9] the others' acknowledgements are as quick as before, and its own come when it is let go",
    { timeout: 120_000 },
    async () => {
      const history = new History();
      const plan = { history, random: createSeededRandom('held head'), documents: [HELD, ...OTHERS], people: 2 };
      const urlOf = (person: number): string => cluster.nodes[person]?.collabUrl ?? '';
      const typing = await startTyping({ ...plan, pauseMs: 200, urlOf });
      const calmFrom = performance.now();
      await sleep(HOLD_MS);
      const calm = { from: calmFrom, to: performance.now() };
      const hold = await holdHead(HOLD_MS);
      await sleep(500);
      await typing.stop();
      const isFree = (document: string): boolean => document !== HELD;
      const [before, during] = [calm, hold].map((span) => readPercentiles(history.waits(span, isFree)));
      // What is typed at the end of the hold is stored as soon as it is over.
      const early = { from: hold.from, to: hold.to - 1_000 };
      const shortestHeld = Math.min(...history.waits(early, (document) => document === HELD));
      const urls = cluster.nodes.map((node) => node.collabUrl);
      const token = await mintToken({ sub: 'reader' });
      const outcome = await checkRun({ history, writers: typing.writers, urls, token, within: 10_000 });
      typing.leave();
      await recordResult('chaos: one head held', {
        seconds: HOLD_MS / 1_000,
        'acknowledged while held': during?.count ?? 0,
        'p50 ms': (during?.p50 ?? 0).toFixed(1),
        'p99 ms': (during?.p99 ?? 0).toFixed(1),
        'p99 ms before': (before?.p99 ?? 0).toFixed(1),
      });
      expect(outcome.problems).toEqual([]);
      // It was held, or the comparison says nothing.
      expect(shortestHeld).toBeGreaterThan(900);
      expect(during?.p99).toBeLessThan(Math.max(PROMISED, 3 * (before?.p99 ?? 0)));
    },
  );
});
