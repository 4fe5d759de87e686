import type { DiffView } from '@scriptorium/shared/history-schemas';
import type {
  PublicationListView,
  PublicationView,
  RestoredView,
  VersionListView,
  VersionView,
} from '@scriptorium/shared/version-schemas';
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
  await create('a/b');
  await write('Hello <world>');
});

afterEach(() => world.close());

const create = (name: string) => world.send({}, { method: 'POST', url: '/v1/documents', payload: { name } });

function write(text: string): Promise<void> {
  return world.edit('a/b', (document) => {
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [new Y.XmlText(text)]);
    document.getXmlFragment('default').insert(0, [paragraph]);
  });
}

function send(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  more: { role?: string; payload?: object } = {},
) {
  const { role = 'publisher', payload } = more;
  return world.send(
    { role },
    { method, url: `/v1/documents/a%2Fb/${path}`, ...(payload !== undefined && { payload }) },
  );
}

const text = async (): Promise<string> => (await send('GET', 'content?format=text')).body;

describe('[VERS14] versions over REST', () => {
  test('are named, listed, read, renamed and removed', async () => {
    await write('Second');
    const created = await send('POST', 'versions', { payload: { label: ' Draft ', at: '1' } });
    const version = created.json<VersionView>();
    expect([created.statusCode, created.headers.location]).toEqual([201, `/v1/documents/a%2Fb/versions/${version.id}`]);
    expect(version).toMatchObject({ seq: 1, kind: 'named', label: 'Draft', author: 'ada' });
    const newest = (await send('POST', 'versions', { payload: { label: 'Now' } })).json<VersionView>();
    expect(newest.seq).toBe(2);
    expect((await send('GET', 'versions')).json<VersionListView>()).toEqual({
      versions: [newest, version],
      nextCursor: null,
    });
    expect((await send('GET', 'versions?kind=automatic')).json()).toMatchObject({ versions: [] });
    expect((await send('PATCH', `versions/${version.id}`, { payload: { label: 'First' } })).json()).toEqual({
      ...version,
      label: 'First',
    });
    expect((await send('GET', `versions/${version.id}`)).json()).toMatchObject({ label: 'First' });
    expect((await send('GET', `diff?from=${version.id}&to=${newest.id}`)).json()).toMatchObject({ from: 1, to: 2 });
    expect((await send('DELETE', `versions/${version.id}`)).statusCode).toBe(204);
    expect((await send('GET', `versions/${version.id}`)).json()).toMatchObject({
      status: 404,
      code: 'version-not-found',
    });
    expect((await send('DELETE', `versions/${version.id}`)).json()).toMatchObject({ code: 'version-not-found' });
  });

  test('of what is not there are refused', async () => {
    expect((await send('POST', 'versions', { payload: { label: 'x', at: '9' } })).json()).toMatchObject({
      code: 'version-not-found',
    });
    for (const payload of [
      {},
      { label: '' },
      { label: 'x'.repeat(201) },
      { label: 'x', more: 1 },
      { label: 'x', at: 'now' },
    ])
      expect((await send('POST', 'versions', { payload })).json()).toMatchObject({ code: 'bad-request' });
  });

  test.each(['viewer', 'commenter'])('are not for a %s', async (role) => {
    const attempts: [Parameters<typeof send>[0], string, object?][] = [
      ['GET', 'versions'],
      ['POST', 'versions', { label: 'x' }],
      ['POST', 'versions/1/restore'],
    ];
    for (const [method, path, payload] of attempts)
      expect((await send(method, path, { role, ...(payload && { payload }) })).json()).toMatchObject({
        code: 'forbidden',
      });
  });
});

describe('[VERS22] a restore over REST', () => {
  test('makes the document what it was, as an edit that is noted among the versions', async () => {
    const version = (await send('POST', 'versions', { payload: { label: 'Good' } })).json<VersionView>();
    await world.edit('a/b', (document) => {
      document.getXmlFragment('default').delete(0, 1);
      document.getText('notes').insert(0, 'x');
    });
    const restored = (await send('POST', `versions/${version.id}/restore`, { role: 'editor' })).json<RestoredView>();
    expect(restored).toMatchObject({ seq: 3, changed: true, version: { kind: 'restored', label: 'Good', seq: 3 } });
    expect(await text()).toBe('Hello <world>');
    const history = (await send('GET', 'diff?from=2&to=3')).json<DiffView>();
    expect(history).toMatchObject({ blocks: [{ kind: 'inserted', by: { author: 'ada' } }] });
    expect((await send('POST', 'versions/1/restore')).json()).toMatchObject({ changed: false, version: null });
    expect((await send('POST', 'versions/2/restore')).json()).toMatchObject({
      changed: true,
      version: { label: null },
    });
    expect(await text()).toBe('x');
  });

  test('to what is not there is refused', async () => {
    expect((await send('POST', 'versions/8/restore')).json()).toMatchObject({ code: 'version-not-found' });
    expect((await send('POST', 'versions/nothing/restore')).json()).toMatchObject({ code: 'bad-request' });
  });
});

describe('[VERS34] a published document', () => {
  const open = (url: string, headers: InjectOptions['headers'] = {}) =>
    world.app.inject({ method: 'GET', url, headers });

  test('is a page that anybody may read, escaped, without scripts, and kept for long', async () => {
    const publication = (await send('PUT', 'publication', { payload: {} })).json<PublicationView>();
    expect(publication).toMatchObject({ name: 'a/b', seq: 1, edition: 1, publishedBy: 'ada' });
    const page = await open(publication.editionPath);
    expect(page.statusCode).toBe(200);
    expect(page.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).toContain('sandbox');
    expect(page.body).toContain('<title>Hello &lt;world&gt;</title>');
    expect(page.body).toContain('<p>Hello &lt;world&gt;</p>');
    expect(page.body).not.toContain('a/b');
    const newest = await open(publication.path);
    expect(newest.body).toBe(page.body);
    expect(newest.headers['cache-control']).toContain('public, max-age=60');
    const etag = String(page.headers.etag);
    expect((await open(publication.editionPath, { 'if-none-match': etag })).statusCode).toBe(304);
    const packed = await open(publication.path, { 'accept-encoding': 'gzip, zstd' });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'zstd', vary: 'Accept-Encoding' });
    expect(packed.headers.etag).not.toBe(etag);
    expect(
      (await open(publication.path, { 'accept-encoding': 'zstd;q=0' })).headers['content-encoding'],
    ).toBeUndefined();
  });

  test('stays as it was, until it is published again', async () => {
    const first = (await send('PUT', 'publication', { payload: { title: 'A <b>' } })).json<PublicationView>();
    await write('Secret');
    expect((await open(first.path)).body).not.toContain('Secret');
    expect((await open(first.path)).body).toContain('<title>A &lt;b&gt;</title>');
    const second = (await send('PUT', 'publication', { payload: {} })).json<PublicationView>();
    expect(second).toMatchObject({ edition: 2, path: first.path });
    expect((await open(first.path)).body).toContain('Secret');
    expect((await open(first.editionPath)).body).not.toContain('Secret');
    const old = (await send('PUT', 'publication', { payload: { at: '0' } })).json<PublicationView>();
    expect((await open(old.path)).body).toContain('<title>Untitled</title>');
    expect((await send('GET', 'publication', { role: 'viewer' })).json()).toEqual(old);
  });

  test('can be withdrawn', async () => {
    const { path, editionPath } = (await send('PUT', 'publication', { payload: {} })).json<PublicationView>();
    expect((await send('DELETE', 'publication')).statusCode).toBe(204);
    for (const address of [path, editionPath])
      expect((await open(address)).json()).toMatchObject({ status: 410, code: 'publication-ended' });
    expect((await send('DELETE', 'publication')).json()).toMatchObject({ code: 'not-found' });
    expect((await send('GET', 'publication')).json()).toMatchObject({ code: 'not-found' });
    expect((await open('/p/AAAAAAAAAAAAAAAAAAAAAA')).json()).toMatchObject({ code: 'not-found' });
    expect((await open('/p/short')).json()).toMatchObject({ code: 'bad-request' });
  });

  test('takes a publisher, and is listed for those who may read it', async () => {
    expect((await send('PUT', 'publication', { role: 'editor', payload: {} })).json()).toMatchObject({
      code: 'forbidden',
    });
    await send('PUT', 'publication', { payload: {} });
    expect((await send('DELETE', 'publication', { role: 'editor' })).json()).toMatchObject({ code: 'forbidden' });
    const list = async (claims: Record<string, unknown>) =>
      (await world.send(claims, { method: 'GET', url: '/v1/publications' })).json<PublicationListView>().publications;
    expect(await list({ role: 'viewer' })).toMatchObject([{ name: 'a/b' }]);
    expect(await list({ role: 'viewer', documents: { 'a/*': 'none' } })).toEqual([]);
    expect(await list({ tenant: 'other' })).toEqual([]);
  });
});
