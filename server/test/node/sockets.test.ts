import { once } from 'node:events';
import { SCHEMA_VERSION } from '@scriptorium/shared/stateless-messages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startTestNode>>;

beforeAll(async () => {
  directory = createTemporaryDirectory('node');
  node = await startTestNode(directory.path, {
    ALLOWED_ORIGINS: 'https://editor.example.org',
    LIMIT_DOCUMENTS_PER_CONNECTION: '2',
    LIMIT_MESSAGE_BYTES: '4096',
  });
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

function typing(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

async function statusOf(origin: string): Promise<number> {
  const socket = new WebSocket(`${node.url}/collab`, { origin });
  socket.on('error', () => undefined);
  const answer = await Promise.race([
    once(socket, 'open').then(() => 101),
    new Promise<number>((resolve) => {
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
      });
    }),
  ]);
  socket.terminate();
  return answer;
}

describe('sockets of a whole node', () => {
  it('[SOCK82] a page of another origin is refused before the socket opens', async () => {
    expect(await statusOf('https://evil.example')).toBe(403);
    expect(await statusOf('https://editor.example.org')).toBe(101);
    expect(await statusOf(`http://127.0.0.1:${node.port}`)).toBe(101);
  });

  it('[SOCK84] a document beyond the limit is denied, and the others on the socket go on', async () => {
    const client = await connectByHand(node.url);
    const token = await signToken({ sub: 'ada' });
    for (const name of ['one', 'two']) await client.enter(name, token);
    client.login('three', token);
    expect((await client.until('denied')).text).toBe('limit-exceeded');
    client.update('one', typing('still here'));
    expect((await client.until('status')).saved).toBe(true);
    client.socket.terminate();
  });

  it('[SOCK85] a message over the limit ends its connection with 1009', async () => {
    const client = await connectByHand(node.url);
    client.login('large', await signToken({ sub: 'ada' }));
    await client.until('authenticated');
    client.update('large', typing('x'.repeat(5_000)));
    expect(await client.closed).toBe(1009);
  });

  it('[SOCK85] a message in more than 64 fragments ends its connection', async () => {
    const client = await connectByHand(node.url);
    for (let index = 0; index < 70; index += 1) client.socket.send(Buffer.of(1), { fin: false });
    expect([1008, 1009]).toContain(await client.closed);
  });

  it('[AUTH80] a socket belongs to the user and tenant of its first token', async () => {
    const client = await connectByHand(node.url);
    client.login('mine', await signToken({ sub: 'ada' }));
    await client.until('authenticated');
    client.login('other-user', await signToken({ sub: 'ben' }));
    expect((await client.until('denied')).text).toBe('forbidden');
    client.login('other-tenant', await signToken({ sub: 'ada', tenant: 'acme' }));
    expect((await client.until('denied', 2)).text).toBe('forbidden');
    client.socket.terminate();
  });

  it('[AUTH81] a new token within a session changes what it may do, and a bad one ends it', async () => {
    const client = await connectByHand(node.url);
    await client.enter('roles', await signToken({ sub: 'ada' }));
    expect((await client.until('authenticated')).text).toBe('read-write');
    client.login('roles', await signToken({ sub: 'ada', role: 'viewer' }));
    expect((await client.until('authenticated', 2)).text).toBe('readonly');
    client.update('roles', typing('no'));
    expect((await client.until('status')).saved).toBe(false);
    client.login('roles', await signToken({ sub: 'ada' }));
    expect((await client.until('authenticated', 3)).text).toBe('read-write');
    client.update('roles', typing('yes'));
    expect((await client.until('status', 2)).saved).toBe(true);
    client.login('roles', 'no token at all');
    expect((await client.until('denied')).text).toBe('unauthenticated');
    client.socket.terminate();
  });

  it('[SDK80] an editor with an older schema reads, does not write, and is told to reload', async () => {
    const client = await connectByHand(node.url);
    await client.enter('schema', await signToken({ sub: 'ada' }));
    client.stateless('schema', { type: 'scriptorium.hello', schemaVersion: SCHEMA_VERSION - 1, client: 'old' });
    expect((await client.until('stateless')).text).toContain('schema-outdated');
    client.update('schema', typing('no'));
    expect((await client.until('status')).saved).toBe(false);
    client.socket.terminate();
  });

  it('[SOCK86] the end of one document leaves the others on the socket alone', async () => {
    const client = await connectByHand(node.url);
    const token = await signToken({ sub: 'ada', role: 'owner' });
    for (const name of ['kept', 'dropped']) await client.enter(name, token);
    const url = `http://127.0.0.1:${node.port}/v1/documents/dropped`;
    const answer = await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(204);
    expect((await client.until('denied')).text).toBe('document-deleted');
    client.update('kept', typing('still here'));
    expect((await client.until('status')).saved).toBe(true);
    client.socket.terminate();
  });

  it('[SOCK87] frames ahead of the token, and behind a refusal, do not cost the socket', async () => {
    const client = await connectByHand(node.url);
    const token = await signToken({ sub: 'ada', role: 'none', documents: { 'open/*': 'editor' } });
    client.update('open/a', typing('typed while the token was fetched'));
    await client.enter('open/a', token);
    client.login('closed', token);
    expect((await client.until('denied')).text).toBe('forbidden');
    client.update('closed', typing('no'));
    client.update('open/a', typing('yes'));
    expect((await client.until('status')).saved).toBe(true);
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    client.socket.terminate();
  });

  it('[SOCK87] a socket that never signs in is not heard for more than 16 KB', async () => {
    const client = await connectByHand(node.url);
    for (let index = 0; index < 10; index += 1) client.update('a', typing('x'.repeat(2_000)));
    expect(await client.closed).toBe(4400);
  });

  it('[AUTH82] after a rename a new token is held against the new name', async () => {
    const owner = await signToken({ sub: 'ada', role: 'owner' });
    const eve = await signToken({ sub: 'eve', role: 'none', documents: { before: 'editor', after: 'viewer' } });
    const url = `http://127.0.0.1:${node.port}/v1/documents`;
    const headers = { authorization: `Bearer ${owner}`, 'content-type': 'application/json' };
    await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name: 'before' }) });
    await fetch(`${url}/before`, { method: 'PATCH', headers, body: JSON.stringify({ name: 'after' }) });
    const client = await connectByHand(node.url);
    await client.enter('before', eve);
    expect((await client.until('authenticated')).text).toBe('readonly');
    client.login('before', eve);
    client.update('before', typing('no'));
    expect((await client.until('status')).saved).toBe(false);
    client.socket.terminate();
  });

  it('[AUTH83] of logins that race, one fixes whose the socket is', async () => {
    const client = await connectByHand(node.url);
    const tokens = [await signToken({ sub: 'ada' }), await signToken({ sub: 'ben', tenant: 'acme' })];
    for (const [index, token] of tokens.entries()) client.login(`race-${index}`, token);
    await Promise.all([client.until('authenticated'), client.until('denied')]);
    client.socket.terminate();
  });
});
