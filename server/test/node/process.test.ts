import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { startFaultProxy, type FaultMode, type FaultProxy } from '../services/fault-proxy.ts';
import { missing, newDatabase, newRedisSpace } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { startNodeProcess, type NodeProcess } from './node-process.ts';
import { connectByHand, signToken } from './test-node.ts';

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
/** More than the time that the server is given, by what a busy machine may add. */
const PATIENCE = 20_000;
const SHORT_STOP = { SHUTDOWN_TIMEOUT_SECONDS: '3' };

let directory: TemporaryDirectory;
const running = new Set<NodeProcess>();
const proxies = new Set<FaultProxy>();

beforeEach(() => {
  directory = createTemporaryDirectory('process');
});

afterEach(async () => {
  for (const server of running) server.kill();
  running.clear();
  for (const proxy of proxies) await proxy.dispose();
  proxies.clear();
  directory.remove();
});

function start(options: Parameters<typeof startNodeProcess>[1]): NodeProcess {
  const server = startNodeProcess(directory.path, options);
  running.add(server);
  return server;
}

async function proxyBefore(url: string): Promise<{ readonly proxy: FaultProxy; readonly url: string }> {
  const through = new URL(url);
  const proxy = await startFaultProxy(Number(through.port));
  proxies.add(proxy);
  through.port = String(proxy.port);
  return { proxy, url: through.href };
}

/** A client that is in, and writes. */
async function enter(server: NodeProcess) {
  const client = await connectByHand(`ws://127.0.0.1:${await server.port}`);
  await client.enter('doc', await signToken({ sub: 'ada' }));
  const doc = new Y.Doc();
  const write = (text: string): void => {
    const before = Y.encodeStateVector(doc);
    doc.getText('t').insert(0, text);
    client.update('doc', Y.encodeStateAsUpdate(doc, before));
  };
  return { ...client, write };
}

/** Asks the server to stop; resolves with its exit code when its clients were sent away. */
async function stop(server: NodeProcess, client: { readonly closed: Promise<number> }): Promise<number | null> {
  const asked = performance.now();
  server.terminate();
  expect(await client.closed).toBe(CLOSE_CODES.goingAway);
  const code = await server.code;
  expect(performance.now() - asked).toBeLessThan(PATIENCE);
  return code;
}

describe('the process', () => {
  it('[OPS80] stops in order, with exit code 1, on an error that nobody foresaw', async () => {
    const server = start({ hook: MISTAKE });
    expect(await server.code).toBe(1);
    expect(server.errors()).toContain('stopping on an unforeseen error');
    expect(server.errors()).toContain('nobody foresaw this');
  });

  it.for([
    ['hangs', HANGING],
    ['fails', FAILING],
  ] as const)('[OPS65] ends in time on SIGTERM while the store %s, and says what is missing', async ([, hook]) => {
    const server = start({ hook, variables: SHORT_STOP });
    const client = await enter(server);
    client.write('never stored, and never called so');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await stop(server, client)).toBe(1);
    expect(server.errors()).toContain('update-writer did not finish in time');
    expect(client.heard.some((it) => it.kind === 'status')).toBe(false);
  });

  it.skipIf(missing.postgres).for([
    ['hangs', { kind: 'black-hole', direction: 'to-server' }],
    ['is gone', { kind: 'reset' }],
  ] as const satisfies readonly (readonly [string, FaultMode])[])(
    '[OPS65] ends in time on SIGTERM while PostgreSQL %s, and says what is missing',
    async ([, mode]) => {
      const { proxy, url } = await proxyBefore(await newDatabase());
      const server = start({ variables: { ...SHORT_STOP, DATABASE_URL: url } });
      const client = await enter(server);
      client.write('stored. ');
      expect((await client.until('status')).saved).toBe(true);
      proxy.setMode(mode);
      client.write('never stored, and never called so. ');
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await stop(server, client)).toBe(1);
      expect(server.errors()).toContain('update-writer did not finish in time');
      expect(client.heard.filter((it) => it.kind === 'status')).toHaveLength(1);
    },
  );

  it.skipIf(missing.postgres || missing.redis)(
    '[OPS66] ends in time on SIGTERM while Redis hangs, with everything committed',
    async () => {
      const redis = newRedisSpace();
      const { proxy, url } = await proxyBefore(redis.url);
      const server = start({
        variables: { ...SHORT_STOP, DATABASE_URL: await newDatabase(), REDIS_URL: url, REDIS_PREFIX: redis.prefix },
      });
      const client = await enter(server);
      proxy.setMode({ kind: 'black-hole', direction: 'to-server' });
      client.write('stored');
      expect((await client.until('status')).saved).toBe(true);
      expect(await stop(server, client)).toBe(0);
      expect(server.errors()).toBe('');
    },
  );
});
