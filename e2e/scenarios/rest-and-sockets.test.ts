import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type HocuspocusClient, openHocuspocus } from '../support/hocuspocus-client.ts';
import { type RestAnswer, type RestRequest, callRest, readCommitted, readField } from '../support/rest-client.ts';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('REST and sockets tell the same story', () => {
  let site: ServerSite;
  let token: string;
  const open = new Set<HocuspocusClient>();

  beforeAll(async () => {
    site = await createServerSite();
    await site.start();
    token = await mintToken({ sub: 'ada' });
  });
  afterEach(() => {
    for (const client of open) client.destroy();
    open.clear();
  });
  afterAll(() => site.dispose());

  function rest(path: string, request: Omit<RestRequest, 'token'> = {}): Promise<RestAnswer> {
    return callRest(`${site.url}/v1${path}`, { token, ...request });
  }
  function content(name: string, headers: Record<string, string> = {}, format = 'text'): Promise<RestAnswer> {
    return rest(`/documents/${encodeURIComponent(name)}/content?format=${format}`, { headers });
  }
  async function edit(document: string, doc = new Y.Doc()): Promise<HocuspocusClient> {
    const client = openHocuspocus({ url: site.collabUrl, document, token, doc });
    open.add(client);
    await client.ready();
    return client;
  }
  async function type(client: HocuspocusClient, text: string): Promise<void> {
    client.doc.getText('text').insert(0, text);
    await waitUntil(() => client.provider.unsyncedChanges === 0, { what: `"${text}" is acknowledged` });
  }

  it('[REST50] what REST creates, sockets open, and what sockets create, REST lists', async () => {
    const created = await rest('/documents', { method: 'POST', body: { name: 'made/by-rest' } });
    expect(created.status).toBe(201);
    const again = await rest('/documents', { method: 'POST', body: { name: 'made/by-rest' } });
    expect([again.status, readField(again.body, 'code')]).toEqual([409, 'document-exists']);
    await type(await edit('made/by-rest'), 'hello');
    await type(await edit('made/by-socket'), 'hello');
    const names = await listNames('made/', 100);
    expect(names).toEqual(['made/by-rest', 'made/by-socket']);
  });

  it('[REST51] the list comes in pages without gaps and repeats', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `pages/${String(index).padStart(2, '0')}`);
    for (const name of names) await rest('/documents', { method: 'POST', body: { name } });
    expect(await listNames('pages/', 5)).toEqual(names);
    expect((await rest('/documents?limit=101')).status).toBe(400);
  });

  it('[REST52] an acknowledged edit is in the very next read, with a new ETag, and 304 while nothing changes', async () => {
    const client = await edit('etag');
    const seen = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      await type(client, `${round} `);
      const answer = await content('etag');
      const etag = answer.headers.get('etag') ?? '';
      expect(answer.status).toBe(200);
      expect(etag).toMatch(/^"\d+-\d+"$/);
      expect(new TextDecoder().decode(answer.bytes)).toContain(`${round} `);
      expect(seen.has(etag)).toBe(false);
      seen.add(etag);
      expect((await content('etag', { 'if-none-match': etag })).status).toBe(304);
    }
    const [first = ''] = seen;
    expect((await content('etag', { 'if-none-match': first })).status).toBe(200);
  });

  it('[REST53] all formats show the same state', async () => {
    const client = await edit('formats');
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [new Y.XmlText('A paragraph')]);
    client.doc.getXmlFragment('default').insert(0, [paragraph]);
    await type(client, 'plain root');
    const json = await content('formats', {}, 'json');
    expect(json.body).toMatchObject({
      type: 'doc',
      content: [{ type: 'paragraph', content: [{ type: 'text', text: 'A paragraph' }] }],
      roots: { text: 'plain root' },
    });
    const text = new TextDecoder().decode((await content('formats')).bytes);
    expect(text.split('\n')).toEqual(expect.arrayContaining(['A paragraph', 'plain root']));
    const stored = await readCommitted(site.url, 'formats', token);
    expect(stored.getXmlFragment('default').toJSON()).toBe('<paragraph>A paragraph</paragraph>');
    expect(stored.getText('text').toString()).toBe('plain root');
  });

  it('[REST54] a renamed document keeps its text, and its old name leads to it', async () => {
    const client = await edit('before');
    await type(client, 'kept');
    const renamed = await rest('/documents/before', { method: 'PATCH', body: { name: 'after' } });
    expect(renamed.status).toBe(200);
    expect(new TextDecoder().decode((await content('after')).bytes)).toBe('kept');
    const moved = await rest('/documents/before', { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([308, '/v1/documents/after']);

    // The editor that was open under the old name finds its way back and loses nothing.
    client.doc.getText('text').insert(0, 'still ');
    await waitUntil(async () => new TextDecoder().decode((await content('after')).bytes) === 'still kept', {
      what: 'an editor under the old name writes on',
      timeoutMs: 20_000,
    });
  }, 40_000);

  it('[REST55] an offline client cannot bring a deleted document back', async () => {
    const client = await edit('gone');
    await type(client, 'deleted text');
    const before = await rest('/documents/gone');
    client.socket.disconnect();
    await waitUntil(() => !client.provider.isSynced, { what: 'offline' });
    client.doc.getText('text').insert(0, 'offline text ');
    const bystander = await edit('gone');
    expect((await rest('/documents/gone', { method: 'DELETE' })).status).toBe(204);
    const deleted = await rest('/documents/gone');
    expect([deleted.status, readField(deleted.body, 'code')]).toEqual([410, 'document-deleted']);

    await client.socket.connect();
    await sleep(1_500);
    expect((await rest('/documents/gone')).status).toBe(410);
    expect(await listNames('gone', 10)).toEqual([]);

    // Under the same name something new begins, and the old text stays out of it, whoever still holds it.
    expect((await rest('/documents', { method: 'POST', body: { name: 'gone' } })).status).toBe(201);
    const after = await rest('/documents/gone');
    expect(Number(readField(after.body, 'epoch'))).toBeGreaterThan(Number(readField(before.body, 'epoch')));
    bystander.destroy();
    client.socket.disconnect();
    await client.socket.connect();
    await sleep(1_500);
    const stored = await readCommitted(site.url, 'gone', token);
    expect(stored.getText('text').toString()).not.toContain('deleted text');
    const fresh = await edit('gone');
    expect(fresh.doc.getText('text').toString()).not.toContain('deleted text');
  }, 40_000);

  it('[REST56] a token is needed, and only its own tenant is there', async () => {
    await rest('/documents', { method: 'POST', body: { name: 'private' } });
    expect((await callRest(`${site.url}/v1/documents`)).status).toBe(401);
    const foreign = await mintToken({ sub: 'eve', tenant: 'elsewhere' });
    expect((await callRest(`${site.url}/v1/documents/private`, { token: foreign })).status).toBe(404);
    const answer = await callRest(`${site.url}/v1/documents`, { token: foreign });
    expect(readField(answer.body, 'documents')).toEqual([]);
  });

  async function listNames(prefix: string, limit: number): Promise<unknown[]> {
    const names: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < 50; page += 1) {
      const answer = await rest(`/documents?prefix=${encodeURIComponent(prefix)}&limit=${limit}${cursor}`);
      expect(answer.status).toBe(200);
      const documents = readField(answer.body, 'documents');
      if (!Array.isArray(documents)) throw new Error('no list of documents');
      names.push(...documents.map((document) => readField(document, 'name')));
      const next = readField(answer.body, 'nextCursor');
      if (typeof next !== 'string') return names;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    throw new Error('the list has no end');
  }
});
