import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordResult } from '../support/results.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { checkRun } from './support/checker.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import {
  type Fault,
  hangObjects,
  hangRedis,
  killNode,
  killPostgres,
  killRedis,
  partitionNode,
} from './support/faults.ts';
import { History } from './support/history.ts';
import { startTyping } from './support/typing.ts';

/** Each fault as often as it stands here. */
const FAULTS: readonly Fault[] = [killNode, killNode, killPostgres, killRedis, hangRedis, hangObjects, partitionNode];
const CONVERGE_MS = 5_000;

describe('three nodes under load', () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster()));
  afterAll(() => cluster.dispose());

  it(
    '[CHAOS1] kills of nodes, database and Redis at random lose no acknowledged edit, double none, and heal by themselves',
    { timeout: 3_600_000 },
    async () => {
      const random = createSeededRandom('kills');
      const history = new History();
      const typing = await startTyping({
        history,
        random,
        documents: ['a', 'b', 'c', 'd'],
        people: 3,
        urlOf: () => cluster.collabUrl,
        pauseMs: 120,
      });
      const kills = pickSize({ share: 14, full: 200 });
      for (let round = 0; round < kills; round += 1) {
        const fault = FAULTS[round % FAULTS.length] ?? killNode;
        await fault(cluster, random);
        await sleep(random.below(1_500));
      }
      await typing.stop();
      const outcome = await checkRun({
        history,
        writers: typing.writers,
        urls: cluster.nodes.map((node) => node.collabUrl),
        token: await mintToken({ sub: 'reader' }),
        within: CONVERGE_MS,
      });
      typing.leave();
      const { typed, acknowledged, converged, problems } = outcome;
      await recordResult('chaos: kills', {
        seed: random.seed,
        kills,
        typed,
        acknowledged,
        'converged after ms': Math.round(converged),
        problems: problems.length,
      });
      expect(problems).toEqual([]);
      expect(acknowledged).toBeGreaterThan(kills * 100);
    },
  );
});
