import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** Makes things that live for a while, a turn after the other, and tells how large the young generation became. */
const LOAD = `
  import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
  import { setImmediate } from 'node:timers/promises';
  setFlagsFromString('--semi-space-growth-factor=1');
  const { boundYoungGeneration } = await import('./young-generation.ts');
  if (process.argv[1] === 'bound') boundYoungGeneration();
  else setFlagsFromString('--semi-space-growth-factor=2');
  let most = 0;
  const alive = [];
  for (let turn = 0; turn < 1500; turn += 1) {
    alive[turn % 200] = Array.from({ length: 2000 }, (_, index) => ({ index }));
    await setImmediate();
    most = Math.max(most, getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
  }
  process.stdout.write(String(most));
`;

async function growUnderLoad(how: 'bound' | 'free'): Promise<number> {
  const args = ['--no-warnings', '--max-semi-space-size=32', '--input-type=module', '--eval', LOAD, how];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return Number(stdout);
}

describe('the young generation', () => {
  it('[OPS190] grows to two halves of 8 MiB under load, and no further', { timeout: 60_000 }, async () => {
    const [bound, free] = await Promise.all([growUnderLoad('bound'), growUnderLoad('free')]);
    expect(bound).toBeGreaterThan(8e6);
    expect(bound).toBeLessThan(18e6);
    expect(free).toBeGreaterThan(30e6);
  });
});
