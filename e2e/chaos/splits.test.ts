import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { recordResult } from '../support/results.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { ChaosWriter } from './support/chaos-writer.ts';
import { checkRun } from './support/checker.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { History } from './support/history.ts';

let cluster: Cluster | null = null;
afterEach(async () => {
  await cluster?.dispose();
  cluster = null;
});

let writersOpened = 0;

async function openWriter(at: Cluster, node: number, history: History): Promise<ChaosWriter> {
  const token = await mintToken({ sub: `writer-${node}` });
  const url = at.nodes[node]?.collabUrl ?? '';
  writersOpened += 1;
  const writer = new ChaosWriter({ url, document: 'split', name: `w${writersOpened}`, token, history });
  await writer.client.ready();
  return writer;
}

describe('nodes that do not hear each other', () => {
  it(
    '[CHAOS2] Redis gone and back: both sides are equal within five seconds, without a new edit',
    { timeout: 180_000 },
    async () => {
      const random = createSeededRandom('split brain');
      const nodes = await startCluster({ nodes: 2 });
      cluster = nodes;
      const history = new History();
      const writers = [await openWriter(nodes, 0, history), await openWriter(nodes, 1, history)];
      await nodes.redis.stop('SIGKILL');
      const seconds = pickSize({ share: 4, full: 16 });
      for (const end = performance.now() + seconds * 1_000; performance.now() < end; await sleep(random.below(80))) {
        for (const writer of writers) writer.type();
      }
      await nodes.redis.start();
      const urls = nodes.nodes.map((node) => node.collabUrl);
      const token = await mintToken({ sub: 'reader' });
      const outcome = await checkRun({ history, writers, urls, token, within: 5_000 });
      for (const writer of writers) writer.client.destroy();
      await recordResult('chaos: split brain', {
        seconds,
        acknowledged: outcome.acknowledged,
        'converged after ms': Math.round(outcome.converged),
      });
      expect(outcome.problems).toEqual([]);
    },
  );

  it(
    '[CHAOS3] without Redis for good, an edit is at the other node within a second',
    { timeout: 180_000 },
    async () => {
      const nodes = await startCluster({ nodes: 2 });
      cluster = nodes;
      await nodes.redis.stop('SIGKILL');
      const history = new History();
      const [author, reader] = [await openWriter(nodes, 0, history), await openWriter(nodes, 1, history)];
      const times: number[] = [];
      for (let edit = 0; edit < pickSize({ share: 10, full: 60 }); edit += 1) {
        author.type();
        const typed = performance.now();
        await waitUntil(() => reader.text === author.text, {
          what: 'the edit is at the other node',
          timeoutMs: 10_000,
        });
        times.push(performance.now() - typed);
        await sleep(100);
      }
      author.client.destroy();
      reader.client.destroy();
      times.sort((one, other) => one - other);
      const median = times[Math.floor(times.length / 2)] ?? Infinity;
      await recordResult('chaos: without Redis', {
        edits: times.length,
        'median ms': Math.round(median),
        'worst ms': Math.round(times.at(-1) ?? 0),
      });
      // Half a second between two looks at the heads; a busy machine adds to single ones.
      expect(median).toBeLessThan(1_000);
    },
  );

  it(
    '[CHAOS4] a user who types and closes the tab while another node compacts loses nothing',
    { timeout: 300_000 },
    async () => {
      const nodes = await startCluster({ nodes: 2 });
      cluster = nodes;
      const history = new History();
      const rounds = pickSize({ share: 10, full: 100 });
      const lost: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const [leaver, stayer] = [await openWriter(nodes, 0, history), await openWriter(nodes, 1, history)];
        // Enough rows that both nodes find the tail worth a snapshot.
        for (let edit = 0; edit < 12; edit += 1) (edit % 2 === 0 ? leaver : stayer).type();
        await waitUntil(() => leaver.unacknowledged + stayer.unacknowledged === 0, { what: 'all is saved' });
        leaver.type();
        await waitUntil(() => leaver.unacknowledged === 0, { what: 'the last word is saved' });
        leaver.client.destroy();
        stayer.client.destroy();
        const fresh = await openWriter(nodes, round % 2, history);
        lost.push(...history.check('split', fresh.text).lost);
        fresh.client.destroy();
      }
      await recordResult('chaos: two nodes close', {
        rounds,
        acknowledged: history.acknowledgedCount,
        lost: lost.length,
      });
      expect(lost).toEqual([]);
      expect(history.acknowledgedCount).toBe(rounds * 13);
    },
  );
});
