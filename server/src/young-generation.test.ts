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

/** Bytes of the young generation of a thread that starts when the main thread may grow no further. */
const THREAD = `
  import { setFlagsFromString } from 'node:v8';
  import { Worker } from 'node:worker_threads';
  const { boundYoungGeneration } = await import('./young-generation.ts');
  if (process.argv[1] === 'bound') boundYoungGeneration();
  setFlagsFromString('--semi-space-growth-factor=1');
  const code = \`
    const spaces = require('node:v8').getHeapSpaceStatistics();
    require('node:worker_threads').parentPort.postMessage(spaces.find((one) => one.space_name === 'new_space').space_size);
  \`;
  const worker = new Worker(code, { eval: true, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 24 } });
  worker.on('message', (size) => process.stdout.write(String(size)));
`;

async function measureThread(how: 'bound' | 'free'): Promise<number> {
  const args = ['--no-warnings', '--input-type=module', '--eval', THREAD, how];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return Number(stdout);
}

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

  it('[OPS192] lets a thread begin with all that it may have, since it cannot grow', { timeout: 60_000 }, async () => {
    expect(await measureThread('free')).toBeLessThan(5e6);
    expect(await measureThread('bound')).toBeGreaterThan(8e6);
  });
});
