import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { connectByHand, SECRET, signToken, startTestNode } from '../node/test-node.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startReceiver } from './receiver.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let directory: TemporaryDirectory;
const ends: (() => unknown)[] = [];
beforeEach(() => void (directory = createTemporaryDirectory('webhooks')));
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

describe('a running server', () => {
  it('[HOOK51] tells a webhook what happens to a document and who comes and goes', async () => {
    const receiver = await startReceiver();
    ends.push(() => receiver.close());
    const node = await startTestNode(directory.path, {
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
      EVENTS_QUIET_SECONDS: '1',
    });
    ends.push(() => node.stop());
    const admin = await signToken({ sub: 'grace', role: 'admin' });
    const made = await fetch(`http://127.0.0.1:${node.port}/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: receiver.url }),
    });
    expect(made.status).toBe(201);
    receiver.setSecret(((await made.json()) as { readonly secret: string }).secret);
    const client = await connectByHand(`${node.url}/collab`);
    await client.enter('notes', await signToken({ sub: 'ada', name: 'Ada', role: 'owner' }));
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'hello');
    client.update('notes', Y.encodeStateAsUpdate(doc));
    await client.until('status');
    await waitUntil('the change is told', () => receiver.received.some(({ type }) => type === 'document.changed'));
    client.socket.close();
    await waitUntil('the farewell is told', () => receiver.received.some(({ type }) => type === 'user.left'));
    expect(receiver.forged).toEqual([]);
    const told = receiver.received.map(({ type, data }) => [
      type,
      data['user'],
      data['from'] ?? null,
      data['to'] ?? null,
    ]);
    expect(told[0]).toEqual(['document.created', 'ada', null, null]);
    expect(told.slice(1)).toEqual(
      expect.arrayContaining([
        ['user.joined', 'ada', null, null],
        ['document.changed', null, 0, 1],
        ['user.left', 'ada', null, null],
      ]),
    );
    expect(receiver.received.map(({ data }) => data['number'])).toEqual([1, 2, 3, 4]);
  });

  it('[HOOK55] webhooks are managed from the command line', async () => {
    const node = await startTestNode(directory.path);
    ends.push(() => node.stop());
    const run = async (...args: readonly string[]): Promise<string> => {
      const server = ['--url', `http://127.0.0.1:${node.port}`];
      const env = { PATH: process.env['PATH'] ?? '', DATA_DIR: directory.path, JWT_SECRET: SECRET };
      const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'webhooks', ...args, ...server], { env });
      return stdout.trim();
    };
    const added = await run('add', 'https://example.org/hook', '--event', 'document.changed', '--label', 'crm');
    const [id = '', secret] = added.split('\n');
    expect(secret).toMatch(/^whsec_/);
    expect(await run('list')).toBe(`${id}  active  https://example.org/hook  crm`);
    expect(await run('pause', id)).toBe(`${id}  paused (by-hand)  https://example.org/hook  crm`);
    expect(JSON.parse(await run('resume', id, '--json'))).toMatchObject({
      id,
      paused: null,
      events: ['document.changed'],
    });
    expect(await run('rotate', id)).toMatch(/^whsec_/);
    expect(await run('deliveries', id)).toBe('');
    expect(await run('replay', id)).toBe('0 events are sent again');
    expect(await run('remove', id)).toBe('removed');
    const failure = await run('pause', id).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1 });
    expect(String(failure)).toContain('no such webhook');
  });
});
