import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSigningKey, startKeySetServer } from '../support/key-set-server.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('standing');
let node: Awaited<ReturnType<typeof startTestNode>>;
let admin: string;

beforeAll(async () => {
  node = await startTestNode(directory.path, { JWT_CLOCK_TOLERANCE_SECONDS: '0' });
  admin = await signToken({ sub: 'root', role: 'admin' });
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

type Client = Awaited<ReturnType<typeof connectByHand>>;

async function rest(method: string, path: string, body?: object): Promise<{ readonly [field: string]: unknown }> {
  const response = await fetch(`http://127.0.0.1:${node.port}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${admin}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as { readonly [field: string]: unknown });
}

/** A new document, and the path of its grants. */
let documents = 0;
async function newDocument(): Promise<{ readonly name: string; readonly grants: string }> {
  documents += 1;
  const name = `doc${documents}`;
  await rest('POST', '/documents', { name });
  return { name, grants: `/documents/${name}/grants` };
}

async function enter(name: string, token: string): Promise<Client> {
  const client = await connectByHand(node.url);
  await client.enter(name, token);
  return client;
}

/** One update by a client of its own, in a root. */
function edit(root: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getMap(root).set('key', 'value');
  return Y.encodeStateAsUpdate(doc);
}

const scopes = (client: Client): string[] =>
  client.heard.flatMap((it) => (it.kind === 'authenticated' ? [it.text] : []));
const answers = (client: Client): boolean[] => client.heard.flatMap((it) => (it.kind === 'status' ? [it.saved] : []));

describe('the end of a token', () => {
  it('[AUTH58] ends its session, and no other one on the socket', async () => {
    const [one, other] = [await newDocument(), await newDocument()];
    const client = await enter(one.name, await signToken({ sub: 'ada' }, 6));
    await client.enter(other.name, await signToken({ sub: 'ada' }));
    expect(await client.until('denied')).toEqual({ address: one.name, kind: 'denied', text: 'token-expired' });
    client.update(other.name, edit('text'));
    expect(await client.until('status')).toEqual({ address: other.name, kind: 'status', saved: true });
    client.socket.terminate();
  });

  it('[AUTH58] does not end a session that was given another token in time', async () => {
    const { name } = await newDocument();
    const client = await enter(name, await signToken({ sub: 'ada' }, 6));
    client.login(name, await signToken({ sub: 'ada' }));
    const marker = await enter(name, await signToken({ sub: 'lin' }, 9));
    await marker.until('denied');
    client.update(name, edit('text'));
    expect(await client.until('status')).toEqual({ address: name, kind: 'status', saved: true });
    client.socket.terminate();
    marker.socket.terminate();
  });

  it('[AUTH59] the client is asked for another token before', async () => {
    const { name } = await newDocument();
    const client = await enter(name, await signToken({ sub: 'ada' }, 31));
    await client.until('asked');
    expect(client.heard.some((it) => it.kind === 'denied')).toBe(false);
    client.socket.terminate();
  });
});

it('[AUTH66] tokens by secret and by key set are taken side by side, and one that cannot be checked at present harms no session', async () => {
  const keySet = await startKeySetServer();
  const key = await createSigningKey('EdDSA', 'one');
  const own = createTemporaryDirectory('key-set');
  const both = await startTestNode(own.path, { JWKS_URL: keySet.url, JWKS_AUDIENCE: 'scriptorium' });
  const bySecret = await signToken({ sub: 'ada', aud: 'scriptorium' });
  const exp = Math.floor(Date.now() / 1000) + 600;
  const byKeySet = await key.sign({ sub: 'ada', aud: 'scriptorium', role: 'editor', exp });
  // It answers with 500 as yet.
  const client = await connectByHand(both.url);
  client.login('doc', bySecret);
  await client.until('authenticated');
  client.login('doc', byKeySet);
  client.update('doc', edit('text'));
  expect(await client.until('status')).toMatchObject({ saved: true });
  await waitUntil('the key set was asked for', () => keySet.requests() > 0);
  client.update('doc', edit('text'));
  expect(await client.until('status', 2)).toMatchObject({ saved: true });
  expect(client.heard.some((it) => it.kind === 'denied')).toBe(false);
  client.socket.terminate();
  await both.stop();
  keySet.publish(key.jwk);
  const again = await startTestNode(own.path, { JWKS_URL: keySet.url, JWKS_AUDIENCE: 'scriptorium' });
  const late = await connectByHand(again.url);
  late.login('doc', byKeySet);
  await late.until('authenticated');
  late.socket.terminate();
  await again.stop();
  await keySet.close();
  own.remove();
});

describe('what changes while a document is open', () => {
  const nobody = { role: 'none' } as const;

  it('[AUTH60] an upgrade and a downgrade reach the open session, which stays', async () => {
    const { name, grants } = await newDocument();
    await rest('PUT', `${grants}/user:ada`, { role: 'viewer' });
    const client = await enter(name, await signToken({ sub: 'ada', ...nobody }));
    client.update(name, edit('text'));
    await client.until('status', 1);
    await rest('PUT', `${grants}/user:ada`, { role: 'editor' });
    await client.until('authenticated', 2);
    client.update(name, edit('text'));
    await client.until('status', 2);
    await rest('PUT', `${grants}/user:ada`, { role: 'commenter' });
    await client.until('stateless', 2);
    client.update(name, edit('comments'));
    await client.until('status', 3);
    await rest('PUT', `${grants}/user:ada`, { role: 'viewer' });
    await client.until('authenticated', 4);
    client.update(name, edit('comments'));
    await client.until('status', 4);
    expect(answers(client)).toEqual([false, true, true, false]);
    expect(scopes(client)).toEqual(['readonly', 'read-write', 'read-write', 'readonly']);
    client.socket.terminate();
  });

  it('[AUTH60] a grant that is taken back, or runs out, ends the session', async () => {
    const { name, grants } = await newDocument();
    await rest('PUT', `${grants}/user:ada`, { role: 'editor' });
    const soon = new Date(Date.now() + 6_000).toISOString();
    await rest('PUT', `${grants}/group:staff`, { role: 'viewer', expiresAt: soon });
    const [ada, lin] = [
      await enter(name, await signToken({ sub: 'ada', ...nobody })),
      await enter(name, await signToken({ sub: 'lin', groups: ['staff'], ...nobody })),
    ];
    expect(await lin.until('denied')).toMatchObject({ text: 'forbidden' });
    expect(ada.heard.some((it) => it.kind === 'denied')).toBe(false);
    await rest('DELETE', `${grants}/user:ada`);
    expect(await ada.until('denied')).toMatchObject({ text: 'forbidden' });
    for (const client of [ada, lin]) client.socket.terminate();
  });

  it('[AUTH60] a none on a prefix ends the session of who has the role by a token', async () => {
    const { name } = await newDocument();
    const client = await enter(name, await signToken({ sub: 'mallory', role: 'owner' }));
    await rest('PUT', '/grants', { subject: 'user:mallory', resource: '*', role: 'none' });
    expect(await client.until('denied')).toMatchObject({ text: 'forbidden' });
    client.socket.terminate();
  });

  it('[AUTH61] a key opens documents, and its session ends when it is revoked', async () => {
    const { name } = await newDocument();
    const made = await rest('POST', '/api-keys', { label: 'machine', role: 'editor' });
    const { key, secret } = made as { key: { id: string }; secret: string };
    const client = await enter(name, secret);
    client.update(name, edit('text'));
    expect(await client.until('status')).toMatchObject({ saved: true });
    await rest('DELETE', `/api-keys/${key.id}`);
    expect(await client.until('denied')).toMatchObject({ text: 'unauthenticated' });
    client.login(name, secret);
    expect(await client.until('denied', 2)).toMatchObject({ text: 'unauthenticated' });
    client.socket.terminate();
  });

  it('[AUTH62] when all access of a user is taken away, the sessions of the user end, others go on', async () => {
    const { name } = await newDocument();
    const [eve, lin] = [
      await enter(name, await signToken({ sub: 'eve' })),
      await enter(name, await signToken({ sub: 'lin' })),
    ];
    await rest('DELETE', '/users/eve/access');
    expect(await eve.until('denied')).toMatchObject({ text: 'unauthenticated' });
    lin.update(name, edit('text'));
    expect(await lin.until('status')).toMatchObject({ saved: true });
    for (const client of [eve, lin]) client.socket.terminate();
  });
});

describe('commenters', () => {
  it('[AUTH63] write below the comments and nowhere else, and lose even that when they try', async () => {
    const { name } = await newDocument();
    const token = await signToken({ sub: 'ada', role: 'commenter' });
    const client = await enter(name, token);
    expect(scopes(client)).toEqual(['read-write']);
    client.update(name, edit('comments'));
    await client.until('status', 1);
    client.update(name, edit('text'));
    await client.until('status', 2);
    client.update(name, edit('comments'));
    await client.until('status', 3);
    expect(answers(client)).toEqual([true, false, false]);
    const told = client.heard.flatMap((it) => (it.kind === 'stateless' ? [it.text] : []));
    expect(told.some((text) => text.includes('"comments-only"') && text.includes('"readOnly":true'))).toBe(true);
    const content = await rest('GET', `/documents/${name}/content`);
    expect(JSON.stringify(content)).toContain('comments');
    expect(JSON.stringify(content)).not.toContain('"text"');
    // The same token does not mend it, the right to write everywhere does.
    client.login(name, token);
    client.login(name, await signToken({ sub: 'ada', role: 'editor' }));
    await client.until('authenticated', 3);
    client.update(name, edit('text'));
    await client.until('status', 4);
    expect(answers(client)).toEqual([true, false, false, true]);
    client.socket.terminate();
  });

  it('[AUTH64] somebody with a link alone comments as a guest, until the link is taken back', async () => {
    const { name, grants } = await newDocument();
    const made = await rest('POST', `/documents/${name}/links`, { role: 'commenter' });
    const { secret, grant } = made as { secret: string; grant: { subject: string } };
    const client = await enter(name, secret);
    client.update(name, edit('comments'));
    expect(await client.until('status')).toMatchObject({ saved: true });
    await rest('DELETE', `${grants}/${encodeURIComponent(grant.subject)}`);
    expect(await client.until('denied')).toMatchObject({ text: 'forbidden' });
    client.socket.terminate();
  });
});
