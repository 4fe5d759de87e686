import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { encodePresenceUpdate } from '../../src/core/presence-update.ts';
import { connectByHand, signToken, startTestNode } from '../node/test-node.ts';
import { missing, newDatabase, newRedisSpace } from '../services/shared-services.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';

let directory: TemporaryDirectory;
const ends: (() => unknown)[] = [];
beforeEach(() => void (directory = createTemporaryDirectory('listening')));
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

type Asked = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

async function start(variables: Readonly<Record<string, string>> = {}) {
  const node = await startTestNode(directory.path, { EVENTS_QUIET_SECONDS: '1', ...variables });
  ends.push(() => node.stop({ atOnce: true }));
  const ask = async (path: string, claims: object, init: Asked = {}): Promise<Response> => {
    const authorization = `Bearer ${await signToken({ sub: 'ada', role: 'owner', ...claims })}`;
    const headers = { authorization, ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) };
    return fetch(`http://127.0.0.1:${node.port}/v1${path}`, { ...init, headers: { ...headers, ...init.headers } });
  };
  return { ...node, ask };
}

/** What comes over a stream of server-sent events, until it ends. */
function listen(response: Response) {
  const heard: { readonly id: string; readonly event: string; readonly data: unknown }[] = [];
  const state = { ended: false };
  const read = async (): Promise<void> => {
    let text = '';
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? '';
        if (field('event') !== '')
          heard.push({ id: field('id'), event: field('event'), data: JSON.parse(field('data')) });
      }
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => {
      state.ended = true;
    });
  return { heard, state };
}

describe('listening to a document', () => {
  it('[HOOK280] a page of an allowed origin may read the stream, and say where it was', async () => {
    const node = await start({ ALLOWED_ORIGINS: 'https://app.example' });
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    const origin = 'https://app.example';
    const asked = { origin, 'access-control-request-method': 'GET' };
    const preflight = await node.ask('/documents/notes/events', {}, { method: 'OPTIONS', headers: asked });
    const allowed = preflight.headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['last-event-id', 'cache-control']));
    const response = await node.ask('/documents/notes/events', {}, { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    await response.body?.cancel();
  });

  it('[HOOK53] a stream tells what happens from now on, or from an event that is named, and ends with the document', async () => {
    const node = await start();
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    const response = await node.ask('/documents/notes/events', { sub: 'ben', role: 'viewer' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const now = listen(response);
    const all = listen(await node.ask('/documents/notes/events', {}, { headers: { 'last-event-id': '0' } }));
    await waitUntil('the past is told', () => all.heard.length === 1);
    // Whoever asks for the API's description must not end what others listen to.
    expect((await fetch(`http://127.0.0.1:${node.port}/openapi.json`)).status).toBe(200);
    const client = await connectByHand(`${node.url}/collab`);
    await client.enter('notes', await signToken({ sub: 'ada', role: 'owner' }));
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'hello');
    client.update('notes', Y.encodeStateAsUpdate(doc));
    await client.until('status');
    await waitUntil('the change is told', () => now.heard.some(({ event }) => event === 'document.changed'));
    client.socket.close();
    await node.ask('/documents/notes', {}, { method: 'DELETE' });
    await waitUntil('both end', () => now.state.ended && all.state.ended);
    expect(all.heard.map(({ id }) => Number(id))).toEqual(all.heard.map((_, index) => index + 1));
    expect(all.heard.at(0)?.event).toBe('document.created');
    expect(now.heard).toEqual(all.heard.slice(1));
    expect(now.heard.at(-1)).toMatchObject({
      event: 'document.deleted',
      data: { data: { document: 'notes', seq: 1 } },
    });
  });

  it('[HOOK53] a stream ends when its reader is shut out, and is refused to who may not read', async () => {
    const node = await start();
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    expect((await node.ask('/documents/notes/events', { role: 'none' })).status).toBe(403);
    expect((await node.ask('/documents/other/events', {})).status).toBe(404);
    const bad = await node.ask('/documents/notes/events', {}, { headers: { 'last-event-id': 'x' } });
    expect(bad.status).toBe(400);
    const { state } = listen(await node.ask('/documents/notes/events', { sub: 'ben', role: 'viewer' }));
    const shut = await node.ask(
      '/documents/notes/grants/user:ben',
      { sub: 'grace', role: 'admin' },
      { method: 'PUT', body: '{"role":"none"}' },
    );
    expect(shut.ok).toBe(true);
    await waitUntil('the stream ends', () => state.ended);
  });

  it('[HOOK260] a stream says behind which event it begins before it tells of any', async () => {
    const node = await start();
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    const begin = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      const { body } = await node.ask('/documents/notes/events', {}, { headers });
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = await reader?.read();
      await reader?.cancel();
      return first?.value ?? '';
    };
    expect(await begin({})).toBe('retry: 3000\nid: 1\n\n');
    expect(await begin({ 'last-event-id': '0' })).toMatch(/^retry: 3000\nid: 0\n\n/);
  });

  it('[HOOK261] a stream is found under an old name, and goes on behind the event that was heard', async () => {
    const node = await start();
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    await node.ask('/documents/notes', {}, { method: 'PATCH', body: '{"name":"new/notes"}' });
    const headers = { 'last-event-id': '1' };
    const sent = await node.ask('/documents/notes/events', {}, { headers, redirect: 'manual' });
    expect([sent.status, sent.headers.get('location')]).toEqual([308, '/v1/documents/new%2Fnotes/events']);
    const { heard } = listen(await node.ask('/documents/notes/events', {}, { headers }));
    await waitUntil('the rename is told', () => heard.length === 1);
    expect(heard[0]).toMatchObject({ id: '2', event: 'document.renamed' });
    const stranger = { sub: 'eve', role: 'none', documents: { notes: 'viewer' } };
    expect((await node.ask('/documents/notes/events', stranger, { redirect: 'manual' })).status).toBe(404);
  });

  it('[HOOK56] one user has fifty streams at most, and others are not held up by them', async () => {
    const node = await start();
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    const streams = await Promise.all(Array.from({ length: 50 }, () => node.ask('/documents/notes/events', {})));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await node.ask('/documents/notes/events', {})).status).toBe(503);
    const other = await node.ask('/documents/notes/events', { sub: 'ben' });
    expect(other.status).toBe(200);
    await streams[0]?.body?.cancel();
    await waitUntil('a place is free', async () => (await node.ask('/documents/notes/events', {})).status === 200);
  });

  it('[HOOK53] a stream ends when the server stops, at once', async () => {
    const node = await start();
    await node.ask('/documents', {}, { method: 'POST', body: '{"name":"notes"}' });
    const { state } = listen(await node.ask('/documents/notes/events', {}));
    expect(await node.stop({ atOnce: true })).toEqual([]);
    await waitUntil('the stream ends', () => state.ended);
    ends.splice(0);
  });
});

describe.skipIf(missing.postgres || missing.redis)('two nodes', () => {
  it('[HOOK54] any node tells who is in a document on any, and passes a message on to them', async () => {
    const redis = newRedisSpace();
    const variables = { DATABASE_URL: await newDatabase(), REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix };
    const [here, there] = [await start(variables), await start(variables)];
    const client = await connectByHand(`${here.url}/collab`);
    await client.enter('notes', await signToken({ sub: 'ada', role: 'owner' }));
    const state = JSON.stringify({ user: { name: 'Somebody else' } });
    client.awareness('notes', encodePresenceUpdate([{ client: 7, clock: 1, state }]));
    const expected = { clients: [{ client: 7, user: 'ada', state: { user: { name: 'ada', id: 'ada' } } }] };
    for (const node of [here, there]) {
      await waitUntil('presence is known', async () => {
        const answer = await node.ask('/documents/notes/presence', {});
        return isDeepStrictEqual(await answer.json(), expected);
      });
    }
    for (const [index, node] of [here, there].entries()) {
      const payload = JSON.stringify({ from: index });
      const init = { method: 'POST', body: JSON.stringify({ payload }) };
      expect((await node.ask('/documents/notes/broadcast', {}, init)).status).toBe(202);
      await waitUntil('the message arrives', () =>
        client.heard.some((message) => message.kind === 'stateless' && message.text === payload),
      );
    }
    client.socket.close();
  });
});
