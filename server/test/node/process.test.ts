import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** Throws in the main thread once the server serves: a mistake that nobody foresaw. */
const MISTAKE = `import { isMainThread } from 'node:worker_threads';
const write = process.stdout.write.bind(process.stdout);
if (isMainThread) process.stdout.write = (text, ...rest) => {
  if (String(text).includes('mode')) setTimeout(() => { throw new Error('nobody foresaw this'); }, 50);
  return write(text, ...rest);
};`;

let directory: TemporaryDirectory;

beforeEach(() => {
  directory = createTemporaryDirectory('process');
});

afterEach(() => {
  directory.remove();
});

describe('the process', () => {
  it('[OPS80] stops in order, with exit code 1, on an error that nobody foresaw', async () => {
    const hook = `data:text/javascript,${encodeURIComponent(MISTAKE)}`;
    const env = { PATH: process.env.PATH ?? '', DATA_DIR: directory.path, PORT: '0', LOG_LEVEL: 'silent' };
    const child = spawn(process.execPath, ['--import', hook, MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text: Buffer) => {
      errors += text.toString();
    });
    child.stdout.resume();
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(errors).toContain('stopping on an unforeseen error');
    expect(errors).toContain('nobody foresaw this');
  });
});
