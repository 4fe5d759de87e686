import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, SECRET, signToken } from './test-node.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** Throws in the main thread once the server serves: a mistake that nobody foresaw. */
const MISTAKE = `import { isMainThread } from 'node:worker_threads';
const write = process.stdout.write.bind(process.stdout);
if (isMainThread) process.stdout.write = (text, ...rest) => {
  if (String(text).includes('mode')) setTimeout(() => { throw new Error('nobody foresaw this'); }, 50);
  return write(text, ...rest);
};`;
/** The database's thread never hears of an append, or fails each. */
const BAD_STORE = (answer: string): string => `import { Worker } from 'node:worker_threads';
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  if (message?.command?.kind !== 'append') return post.call(this, message, ...rest);
  ${answer}
};`;
const HANGING = BAD_STORE('');
const FAILING = BAD_STORE(
  `setImmediate(() => this.emit('message', { kind: 'failure', id: message.id, failure: { code: 'SQLITE_FULL', message: 'full' } }));`,
);

let directory: TemporaryDirectory;

beforeEach(() => {
  directory = createTemporaryDirectory('process');
});

afterEach(() => {
  directory.remove();
});

/** Starts the server's process with a module that is loaded before it. */
function start(hook: string, variables: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env.PATH ?? '', DATA_DIR: directory.path, PORT: '0', LOG_LEVEL: 'silent', ...variables };
  const preload = `data:text/javascript,${encodeURIComponent(hook)}`;
  const child = spawn(process.execPath, ['--import', preload, MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  const port = new Promise<number>((resolve) => {
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      const found = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const code = once(child, 'exit').then(([exitCode]) => exitCode as number | null);
  return { child, port, code, errors: () => errors };
}

describe('the process', () => {
  it('[OPS80] stops in order, with exit code 1, on an error that nobody foresaw', async () => {
    const { code, errors } = start(MISTAKE);
    expect(await code).toBe(1);
    expect(errors()).toContain('stopping on an unforeseen error');
    expect(errors()).toContain('nobody foresaw this');
  });

  it.for([
    ['hangs', HANGING],
    ['fails', FAILING],
  ] as const)('[OPS65] ends in time on SIGTERM while the store %s, and says what is missing', async ([, hook]) => {
    const started = start(hook, { JWT_SECRET: SECRET, SHUTDOWN_TIMEOUT_SECONDS: '3' });
    const client = await connectByHand(`ws://127.0.0.1:${await started.port}`);
    await client.enter('doc', await signToken({ sub: 'ada' }));
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'never stored, and never called so');
    client.update('doc', Y.encodeStateAsUpdate(doc));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const asked = performance.now();
    started.child.kill('SIGTERM');
    expect(await client.closed).toBe(CLOSE_CODES.goingAway);
    expect(await started.code).toBe(1);
    // The time it was given, and what a busy machine may add.
    expect(performance.now() - asked).toBeLessThan(20_000);
    expect(started.errors()).toContain('update-writer did not finish in time');
    expect(client.heard.some((it) => it.kind === 'status')).toBe(false);
  });
});
