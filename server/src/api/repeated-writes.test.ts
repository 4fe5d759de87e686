import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import type { PublicationView, RestoredView, VersionView } from '@scriptorium/shared/version-schemas';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
  await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'a' } });
  for (const text of ['one', 'two']) await world.edit('a', (document) => document.getText('t').insert(0, text));
});

afterEach(() => world.close());

interface Write {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly payload?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function write({ method, path, payload, headers = {} }: Write) {
  const response = await world.send(
    { role: 'admin' },
    { method, url: `/v1${path}`, headers, ...(payload !== undefined && { payload }) },
  );
  const body = response.body === '' ? null : response.json<Readonly<Record<string, unknown>>>();
  return { status: response.statusCode, headers: response.headers, body };
}

const MARKDOWN = { 'content-type': 'text/markdown' };

/** Writes of every kind, each of which leads to something new when it is done a second time. */
const WRITES: Readonly<Record<string, Write>> = {
  'a version': { method: 'POST', path: '/documents/a/versions', payload: { label: 'x' } },
  'a restore': { method: 'POST', path: '/documents/a/versions/1/restore' },
  'a publication': { method: 'PUT', path: '/documents/a/publication', payload: {} },
  'an import': { method: 'POST', path: '/documents/new/import', payload: 'text', headers: MARKDOWN },
  'a webhook': { method: 'POST', path: '/webhooks', payload: { url: 'https://example.org/hook' } },
};

/** How each of them differs from another one of its kind. */
const OTHERS: Readonly<Record<string, Partial<Write>>> = {
  'a version': { payload: { label: 'y' } },
  'a restore': { path: '/documents/a/versions/0/restore' },
  'a publication': { payload: { title: 'y' } },
  'an import': { payload: 'other' },
  'a webhook': { payload: { url: 'https://example.org/other' } },
};

const withKey = (wanted: Write, key: string): Write => ({
  ...wanted,
  headers: { ...wanted.headers, 'idempotency-key': key },
});

/** What there is of all that these writes make. */
async function countMade() {
  const list = async (path: string, of: string) => {
    const response = await world.send({ role: 'admin' }, { url: `/v1${path}` });
    return response.json<Readonly<Record<string, readonly unknown[]>>>()[of]?.length;
  };
  const { body: publication } = await write({ method: 'PATCH', path: '/documents/a', payload: { title: 'T' } });
  return {
    versions: await list('/documents/a/versions', 'versions'),
    webhooks: await list('/webhooks', 'webhooks'),
    editions: (await world.send({}, { url: '/v1/documents/a/publication' })).json<PublicationView>().edition,
    seq: publication?.['seq'],
  };
}

describe('[REST220] with an idempotency key a request is answered as the first one was, and done once', () => {
  test.each(Object.entries(WRITES))('%s', async (kind, wanted) => {
    const first = await write(withKey(wanted, 'k'));
    expect([200, 201]).toContain(first.status);
    const made = await countMade();
    const second = await write(withKey(wanted, 'k'));
    expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true' });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect([second.headers.location, second.headers.etag]).toEqual([first.headers.location, first.headers.etag]);
    expect(await countMade()).toEqual(made);
    expect((await write(withKey({ ...wanted, ...OTHERS[kind] }, 'k'))).body).toMatchObject({
      code: 'idempotency-key-reused',
      status: 422,
    });
  });

  test('changes and ends of what is there', async () => {
    const version = (await write(WRITES['a version']!)).body as unknown as VersionView;
    await write(WRITES['a publication']!);
    const { webhook } = (await write(WRITES['a webhook']!)).body as { readonly webhook: { readonly id: string } };
    const writes: readonly Write[] = [
      { method: 'PATCH', path: `/documents/a/versions/${version.id}`, payload: { label: 'y' } },
      { method: 'DELETE', path: `/documents/a/versions/${version.id}` },
      { method: 'DELETE', path: '/documents/a/publication' },
      { method: 'PATCH', path: `/webhooks/${webhook.id}`, payload: { label: 'crm' } },
      { method: 'POST', path: `/webhooks/${webhook.id}/rotate`, payload: {} },
      { method: 'POST', path: `/webhooks/${webhook.id}/replay`, payload: {} },
      { method: 'DELETE', path: `/webhooks/${webhook.id}` },
    ];
    for (const [index, wanted] of writes.entries()) {
      const first = await write(withKey(wanted, `k${index}`));
      const second = await write(withKey(wanted, `k${index}`));
      expect([wanted.path, first.status < 300, second.status, second.body]).toEqual([
        wanted.path,
        true,
        first.status,
        first.body,
      ]);
      expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true' });
    }
  });
});

describe('[REST221] a write goes into the state that it names, or is refused', () => {
  const STATEFUL = ['a version', 'a restore', 'a publication'];

  test.each(STATEFUL)('%s', async (kind) => {
    const wanted = WRITES[kind]!;
    const stale = await write({ ...wanted, headers: { 'if-match': '"1-1"' } });
    expect([stale.status, stale.body?.['code']]).toEqual([412, 'precondition-failed']);
    const gone = await write({ ...wanted, headers: { 'if-none-match': '*' } });
    expect(gone.status).toBe(412);
    expect((await write({ ...wanted, headers: { 'if-match': '"1-0", "1-2"' } })).status).toBeLessThan(300);
  });

  test('an import, also into a document that is not there', async () => {
    const into = (name: string, tag: string): Write => ({
      method: 'POST',
      path: `/documents/${name}/import`,
      payload: 'text',
      headers: { ...MARKDOWN, 'if-match': tag },
    });
    expect((await write(into('a', '"1-1"'))).status).toBe(412);
    expect((await write(into('a', '"1-2"'))).headers.etag).toBe('"1-3"');
    expect((await write(into('new', '*'))).status).toBe(412);
    const onlyNew = { ...into('a', ''), headers: { ...MARKDOWN, 'if-none-match': '*' } };
    expect((await write(onlyNew)).status).toBe(412);
    expect((await write({ ...onlyNew, path: '/documents/new/import' })).status).toBe(201);
  });

  test('changes and ends of what is there', async () => {
    const version = (await write(WRITES['a version']!)).body as unknown as VersionView;
    await write(WRITES['a publication']!);
    const path = `/documents/a/versions/${version.id}`;
    const stale = { 'if-match': '"1-1"' };
    const patch = { method: 'PATCH', path, payload: { label: 'y' } } as const;
    for (const wanted of [patch, { method: 'DELETE', path }, { method: 'DELETE', path: '/documents/a/publication' }]) {
      expect((await write({ ...(wanted as Write), headers: stale })).status).toBe(412);
      expect((await write({ ...(wanted as Write), headers: { 'if-match': '"1-2"' } })).status).toBeLessThan(300);
    }
  });
});

test('[REST222] a change of a webhook goes into the settings that it names, or is refused', async () => {
  const made = await write(WRITES['a webhook']!);
  const { webhook } = made.body as { readonly webhook: { readonly id: string } };
  const path = `/webhooks/${webhook.id}`;
  const etag = String(made.headers.etag);
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  expect((await world.send({ role: 'admin' }, { url: `/v1${path}` })).headers.etag).toBe(etag);
  const change = (payload: object, tag: string) =>
    write({ method: 'PATCH', path, payload, headers: { 'if-match': tag } });
  const paused = await change({ paused: true }, etag);
  expect(paused.body).toMatchObject({ paused: 'by-hand' });
  expect((await change({ label: 'x' }, etag)).body).toMatchObject({ code: 'precondition-failed', status: 412 });
  expect((await change({ label: 'x' }, '*')).status).toBe(200);
  expect((await change({ label: '', paused: false }, '*')).headers.etag).toBe(etag);
  expect((await write({ method: 'POST', path: `${path}/rotate`, payload: {} })).status).toBe(200);
  expect((await change({ label: 'y' }, etag)).status).toBe(200);
});

describe('[REST223] an attempt that goes on after a crash finds what the first one did', () => {
  test.each(Object.entries(WRITES))('%s', async (kind, wanted) => {
    world.loseAnswer();
    const lost = await write(withKey(wanted, 'k'));
    expect(lost.body).toMatchObject({ code: 'storage-unavailable' });
    const made = await countMade();
    // Whoever moved the document on meanwhile changes nothing of it.
    if (kind !== 'a restore') await world.edit('a', (document) => document.getText('t').insert(0, 'more'));
    world.clock.advance(1_000);
    const again = await write(withKey(wanted, 'k'));
    expect([200, 201]).toContain(again.status);
    const { versions, webhooks, editions } = await countMade();
    expect({ versions, webhooks, editions }).toEqual({
      versions: made.versions,
      webhooks: made.webhooks,
      editions: made.editions,
    });
    expect((await write(withKey(wanted, 'k'))).body).toEqual(again.body);
  });

  test('a version under a condition that held, and does not any more', async () => {
    const wanted = { ...WRITES['a version']!, headers: { 'if-match': '"1-2"', 'idempotency-key': 'k' } };
    world.loseAnswer();
    await write(wanted);
    await world.edit('a', (document) => document.getText('t').insert(0, 'more'));
    expect(await write(wanted)).toMatchObject({ status: 201, body: { seq: 2, label: 'x' } });
  });

  test('a change and the end of a webhook', async () => {
    const made = await write(WRITES['a webhook']!);
    const { webhook } = made.body as { readonly webhook: { readonly id: string } };
    const path = `/webhooks/${webhook.id}`;
    const change: Write = {
      method: 'PATCH',
      path,
      payload: { label: 'crm' },
      headers: { 'if-match': String(made.headers.etag), 'idempotency-key': 'k1' },
    };
    for (const [wanted, status] of [
      [change, 200],
      [withKey({ method: 'DELETE', path }, 'k2'), 204],
    ] as const) {
      world.loseAnswer();
      expect((await write(wanted)).status).toBe(503);
      expect((await write(wanted)).status).toBe(status);
    }
  });
});

describe('[REST224] a file that is imported into a document that is not there', () => {
  test('is in it from its beginning, or the document is not made', async () => {
    const file = { method: 'POST', path: '/documents/new/import', headers: MARKDOWN } as const;
    expect((await write({ ...file, payload: 'text' })).body).toMatchObject({ created: true, seq: 1, changed: true });
    const broken = { ...file, path: '/documents/broken/import', headers: { 'content-type': 'application/json' } };
    expect((await write({ ...broken, payload: '{"type":"nonsense"}' })).status).toBeGreaterThanOrEqual(400);
    expect((await world.send({}, { url: '/v1/documents/broken' })).statusCode).toBe(404);
  });

  test('does not bring back one that was deleted, but may be another of its name', async () => {
    const update = Y.encodeStateAsUpdate(new Y.Doc());
    const headers = { 'content-type': 'application/vnd.yjs.update' };
    await write({ method: 'DELETE', path: '/documents/a' });
    const url = '/v1/documents/a/import';
    const back = await world.send({}, { method: 'POST', url, headers, payload: Buffer.from(update) });
    expect(back.json()).toMatchObject({ code: 'document-deleted' });
    const other = await write({ method: 'POST', path: '/documents/a/import', payload: 'new', headers: MARKDOWN });
    expect(other.body).toMatchObject({ created: true, epoch: 2 });
  });
});

test('[AUD222] what is done over REST to versions, publications and webhooks has a row that names the caller', async () => {
  const version = (await write(WRITES['a version']!)).body as unknown as VersionView;
  await write({ method: 'PATCH', path: `/documents/a/versions/${version.id}`, payload: { label: 'y' } });
  const restored = (await write(WRITES['a restore']!)).body as unknown as RestoredView;
  await write({ method: 'DELETE', path: `/documents/a/versions/${version.id}` });
  await write(WRITES['a publication']!);
  await write({ method: 'DELETE', path: '/documents/a/publication' });
  const { webhook } = (await write(WRITES['a webhook']!)).body as { readonly webhook: { readonly id: string } };
  const path = `/webhooks/${webhook.id}`;
  await write({ method: 'PATCH', path, payload: { label: 'crm', paused: true } });
  await write({ method: 'PATCH', path, payload: { paused: false } });
  await write({ method: 'POST', path: `${path}/rotate`, payload: {} });
  await write({ method: 'DELETE', path });
  await write({ method: 'POST', path: '/documents/a/erasure' });
  const { rows } = await world.audit.list({
    tenant: DEFAULT_TENANT,
    document: null,
    actor: 'ada',
    cursor: null,
    limit: 100,
  });
  expect(rows.toReversed().map(({ action, subject }) => [action, subject])).toEqual([
    ['version.create', `version:${version.id}`],
    ['version.rename', `version:${version.id}`],
    ['document.restore', `version:${restored.version?.id}`],
    ['version.delete', `version:${version.id}`],
    ['document.publish', null],
    ['document.unpublish', null],
    ['webhook.create', `webhook:${webhook.id}`],
    ['webhook.change', `webhook:${webhook.id}`],
    ['webhook.pause', `webhook:${webhook.id}`],
    ['webhook.resume', `webhook:${webhook.id}`],
    ['webhook.rotate', `webhook:${webhook.id}`],
    ['webhook.delete', `webhook:${webhook.id}`],
    ['document.delete', null],
    ['document.erase', expect.stringMatching(/^erasure:er_/)],
  ]);
});
