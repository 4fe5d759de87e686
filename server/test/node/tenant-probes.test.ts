import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newOwnedDatabase } from '../services/owned-database.ts';
import { bucketVariables, newBucket } from '../services/s3-bucket.ts';
import { missing, newRedisSpace } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { probeTenants } from '../support/tenant-probes.ts';
import { startTestNode } from './test-node.ts';

/** `FULL=1` for the whole number. */
const isFull = process.env['FULL'] === '1';
const PATIENCE = { timeout: 3_600_000 };

function describeProbes(where: string, prepare: () => Promise<readonly Readonly<Record<string, string>>[]>): void {
  describe(where, () => {
    const seed = Date.now() % 1_000_000;
    const directories: TemporaryDirectory[] = [];
    const nodes: Awaited<ReturnType<typeof startTestNode>>[] = [];
    beforeAll(async () => {
      for (const variables of await prepare()) {
        const directory = createTemporaryDirectory('probes');
        directories.push(directory);
        nodes.push(await startTestNode(directory.path, variables));
      }
    });
    afterAll(async () => {
      for (const node of nodes) await node.stop();
      for (const directory of directories) directory.remove();
    });

    it(
      '[AUTH102] probes at random from one tenant to another bring nothing back and change nothing',
      PATIENCE,
      async () => {
        const count = isFull ? 50_000 : 1_000;
        const [home = 0, ...others] = nodes.map(({ port }) => port);
        const report = await probeTenants({ ports: [home, ...others], seed, count });
        expect({ seed, findings: report.findings.slice(0, 10) }).toEqual({ seed, findings: [] });
        expect(report.bySockets).toBeGreaterThan(count / 5);
      },
    );
  });
}

describeProbes('on an embedded store', () => Promise.resolve([{}]));

// The database's role is one that its policies hold for, so every read for a tenant meets both walls.
describe.skipIf(missing.postgres || missing.redis || missing.objectStore)('with all services', () => {
  describeProbes('on two nodes of PostgreSQL, Redis and S3', async () => {
    const redis = newRedisSpace();
    const shared = {
      DATABASE_URL: await newOwnedDatabase(),
      REDIS_URL: redis.url,
      REDIS_PREFIX: redis.prefix,
      ...bucketVariables(await newBucket()),
      // Snapshots of a few bytes lie in the bucket too.
      SNAPSHOT_INLINE_BYTES: '0',
    };
    return [shared, shared];
  });
});
