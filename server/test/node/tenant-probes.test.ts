import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { probeTenants } from '../support/tenant-probes.ts';
import { startTestNode } from './test-node.ts';

/** `FULL=1` for the whole number. */
const COUNT = process.env['FULL'] === '1' ? 100_000 : 1_200;
const seed = Date.now() % 1_000_000;
const directory = createTemporaryDirectory('probes');
let node: Awaited<ReturnType<typeof startTestNode>>;

beforeAll(async () => {
  node = await startTestNode(directory.path);
});
afterAll(async () => {
  await node.stop();
  directory.remove();
});

it(
  '[AUTH102] probes at random from one tenant to another bring nothing back and change nothing',
  { timeout: 3_600_000 },
  async () => {
    const report = await probeTenants({ port: node.port, seed, count: COUNT });
    expect({ seed, findings: report.findings.slice(0, 10) }).toEqual({ seed, findings: [] });
    expect(report.bySockets).toBeGreaterThan(COUNT / 5);
  },
);
