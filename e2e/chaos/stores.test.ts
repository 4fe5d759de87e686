import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { recordResult } from '../support/results.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { checkRun } from './support/checker.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { History } from './support/history.ts';
import { startTyping, type Typing } from './support/typing.ts';

describe('stores that fail', () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster()));
  afterAll(() => cluster.dispose());

  const typeDuring = async (
    documents: readonly string[],
    fault: (typing: Typing, history: History) => Promise<void>,
  ) => {
    const random = createSeededRandom(documents.join(' '));
    const history = new History();
    const plan = { history, random, documents, people: 2, pauseMs: 60 };
    const typing = await startTyping({ ...plan, urlOf: (person) => cluster.nodes[person]?.collabUrl ?? '' });
    await fault(typing, history);
    await typing.stop();
    const urls = cluster.nodes.map((node) => node.collabUrl);
    const token = await mintToken({ sub: 'reader' });
    const outcome = await checkRun({ history, writers: typing.writers, urls, token, within: 10_000 });
    typing.leave();
    return outcome;
  };

  it(
    '[CHAOS5] a slow object store, one that hangs, and one that cuts lines in the middle affect no edit',
    { timeout: 300_000 },
    async () => {
      const lines = cluster.nodes.map((node) => node.lines.objects);
      const seconds = pickSize({ share: 2, full: 10 });
      const outcome = await typeDuring(['objects-1', 'objects-2'], async () => {
        for (const line of lines) line.setMode({ kind: 'delay', milliseconds: 400, jitter: 400 });
        await sleep(seconds * 1_000);
        for (const line of lines) line.setMode({ kind: 'drop-after', bytes: 300, direction: 'to-client' });
        await sleep(seconds * 1_000);
        for (const line of lines) line.setMode({ kind: 'black-hole', direction: 'to-client' });
        await sleep(seconds * 1_000);
        for (const line of lines) line.setMode({ kind: 'pass' });
        for (const line of lines) line.cut();
      });
      await recordResult('chaos: object store', {
        acknowledged: outcome.acknowledged,
        problems: outcome.problems.length,
      });
      expect(outcome.problems).toEqual([]);
    },
  );

  it('[CHAOS6] a slow database delays acknowledgements and nothing else', { timeout: 300_000 }, async () => {
    const outcome = await typeDuring(['slow-1', 'slow-2'], async (typing, history) => {
      for (const node of cluster.nodes) node.lines.database.setMode({ kind: 'delay', milliseconds: 300, jitter: 200 });
      const before = history.acknowledgedCount;
      await sleep(pickSize({ share: 4, full: 15 }) * 1_000);
      expect(history.acknowledgedCount).toBeGreaterThan(before);
      for (const node of cluster.nodes) node.lines.database.setMode({ kind: 'pass' });
      expect(typing.writers.every((writer) => writer.client.provider.isAuthenticated)).toBe(true);
    });
    await recordResult('chaos: slow database', {
      acknowledged: outcome.acknowledged,
      problems: outcome.problems.length,
    });
    expect(outcome.problems).toEqual([]);
  });

  it(
    '[CHAOS7] while the database is down nothing is acknowledged, people on one node go on writing with each other, and all is saved after it',
    { timeout: 300_000 },
    async () => {
      const outcome = await typeDuring(['down-1'], async (typing) => {
        const token = await mintToken({ sub: 'neighbour' });
        const place = { url: cluster.nodes[0]?.collabUrl ?? '', document: 'down-1', token };
        const neighbour = openHocuspocus(place);
        await neighbour.ready();
        await cluster.postgres.stop('SIGQUIT');
        await sleep(1_000);
        const open = typing.writers.map((writer) => writer.unacknowledged);
        const seen = neighbour.doc.getText('markers').length;
        await sleep(pickSize({ share: 3, full: 20 }) * 1_000);
        // Typed meanwhile, none of it acknowledged, and seen by who sits at the same node.
        for (const [index, writer] of typing.writers.entries()) {
          expect(writer.unacknowledged).toBeGreaterThan(open[index] ?? 0);
        }
        expect(neighbour.doc.getText('markers').length).toBeGreaterThan(seen);
        neighbour.destroy();
        await cluster.postgres.start();
        await waitUntil(() => typing.writers.every((writer) => writer.unacknowledged < 20), {
          what: 'acknowledgements come again',
          timeoutMs: 60_000,
        });
      });
      await recordResult('chaos: database down', {
        acknowledged: outcome.acknowledged,
        problems: outcome.problems.length,
      });
      expect(outcome.problems).toEqual([]);
    },
  );

  it('[CHAOS8] SIGTERM ends a node within ten seconds, whatever is down', { timeout: 120_000 }, async () => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    const history = new History();
    const random = createSeededRandom('SIGTERM');
    const plan = { history, random, documents: ['term'], people: 2, pauseMs: 40 };
    const typing = await startTyping({ ...plan, urlOf: () => node.collabUrl });
    node.lines.database.setMode({ kind: 'black-hole', direction: 'to-client' });
    await sleep(500);
    const { milliseconds } = await node.terminate();
    await typing.stop();
    node.lines.database.setMode({ kind: 'pass' });
    node.lines.database.cut();
    await node.start();
    const token = await mintToken({ sub: 'reader' });
    const urls = cluster.nodes.map(({ collabUrl }) => collabUrl);
    const outcome = await checkRun({ history, writers: typing.writers, urls, token, within: 20_000 });
    typing.leave();
    await recordResult('chaos: SIGTERM without a database', { 'ended after ms': Math.round(milliseconds) });
    expect(milliseconds).toBeLessThan(11_000);
    expect(outcome.problems).toEqual([]);
  });
});
