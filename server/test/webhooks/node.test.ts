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

/** The types of events of a stream, as they come. */
function readEvents(stream: Response): readonly string[] {
  const types: string[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      text += part.value;
      types.splice(0, types.length, ...[...text.matchAll(/^event: (.+)$/gm)].map(([, type = '']) => type));
    }
  };
  void read().catch(() => undefined);
  return types;
}

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
    // The version that is made when the last one leaves may be among them already.
    expect(receiver.received.map(({ data }) => data['number'])).toEqual(receiver.received.map((_, index) => index + 1));
  });

  it('[HOOK221] tells webhooks and streams of versions, restores, publications and an erasure', async () => {
    const receiver = await startReceiver();
    ends.push(() => receiver.close());
    const node = await startTestNode(directory.path, { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' });
    ends.push(() => node.stop());
    const headers = {
      authorization: `Bearer ${await signToken({ sub: 'grace', role: 'admin' })}`,
      'content-type': 'application/json',
    };
    const send = async (method: string, path: string, body?: object) => {
      const init = { method, headers, body: JSON.stringify(body ?? {}) };
      const response = await fetch(`http://127.0.0.1:${node.port}/v1${path}`, init);
      expect([path, response.ok]).toEqual([path, true]);
      return response.status === 204 ? {} : ((await response.json()) as Readonly<Record<string, unknown>>);
    };
    const types = ['version.created', 'document.published', 'document.unpublished', 'document.erased'];
    const { secret } = await send('POST', '/webhooks', { url: receiver.url, events: types });
    receiver.setSecret(String(secret));
    await send('POST', '/documents', { name: 'notes', content: { format: 'text', text: 'one' } });
    const stop = new AbortController();
    ends.push(() => stop.abort());
    const url = `http://127.0.0.1:${node.port}/v1/documents/notes/events`;
    const stream = await fetch(url, { headers: { ...headers, 'last-event-id': '0' }, signal: stop.signal });
    const streamed = readEvents(stream);
    const version = await send('POST', '/documents/notes/versions', { label: 'Draft' });
    await send('POST', '/documents/notes/changes', {
      operations: [{ op: 'replace', range: { quote: { exact: 'one' } }, text: 'two' }],
    });
    const restored = await send('POST', `/documents/notes/versions/${String(version['id'])}/restore`);
    const publication = await send('PUT', '/documents/notes/publication', {});
    await send('DELETE', '/documents/notes/publication');
    await waitUntil('the stream told of the end', () => streamed.includes('document.unpublished'));
    const isTold = (type: string): boolean => receiver.received.some((message) => message.type === type);
    await waitUntil('the webhook heard of it', () => isTold('document.unpublished'));
    await send('POST', '/documents/notes/erasure');
    await waitUntil('the erasure is told', () => isTold('document.erased'));
    expect(receiver.forged).toEqual([]);
    const { version: noted } = restored as { readonly version: { readonly id: string } };
    const published = { edition: 1, publication: String(publication['path']).slice('/p/'.length) };
    const about = { document: 'notes', user: 'grace' };
    const byPeople = receiver.received.filter(({ data }) => data['kind'] !== 'automatic');
    expect(byPeople.map(({ type, data }) => [type, data])).toMatchObject([
      ['version.created', { ...about, version: version['id'], kind: 'named', seq: 1, label: 'Draft' }],
      ['version.created', { ...about, version: noted.id, kind: 'restored', seq: 3, label: 'Draft' }],
      ['document.published', { ...about, seq: 3, ...published }],
      ['document.unpublished', { ...about, seq: 3, ...published }],
      ['document.erased', about],
    ]);
    expect(streamed).toEqual(expect.arrayContaining(types.slice(0, 3)));
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
