import type { BlameView, DiffView, HistoryView } from '@scriptorium/shared/history-schemas';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
  await world.send({ role: 'owner' }, { method: 'POST', url: '/v1/documents', payload: { name: 'a/b' } });
  await write('Hello world');
  await write('Second');
  await world.edit('a/b', (document) => {
    const text = (document.getXmlFragment('default').get(1) as Y.XmlElement).get(0) as Y.XmlText;
    text.delete(0, 5);
    text.insert(0, '<b>Goodbye');
  });
});

afterEach(() => world.close());

function write(text: string): Promise<void> {
  return world.edit('a/b', (document) => {
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [new Y.XmlText(text)]);
    document.getXmlFragment('default').insert(0, [paragraph]);
  });
}

function read(path: string, claims: object = { role: 'editor' }, headers: Record<string, string> = {}) {
  return world.send({ ...claims }, { method: 'GET', url: `/v1/documents/a%2Fb/${path}`, headers });
}

describe('[VERS4] the history tells who worked when, page by page', () => {
  test('the newest sitting first', async () => {
    const history = (await read('history')).json<HistoryView>();
    expect(history).toMatchObject({ unreadable: [], earlier: null });
    expect(history.sittings).toMatchObject([{ author: 'ada', fromSeq: 1, toSeq: 3, inserted: 27 }]);
    expect(Date.parse(history.sittings[0]?.from ?? '')).not.toBeNaN();
  });

  test('a page is made of so many rows, and leads to the one before', async () => {
    const newest = (await read('history?rows=2')).json<HistoryView>();
    expect(newest).toMatchObject({ sittings: [{ fromSeq: 2, toSeq: 3 }], earlier: 1 });
    const oldest = (await read(`history?rows=2&before=${newest.earlier}`)).json<HistoryView>();
    expect(oldest).toMatchObject({ sittings: [{ fromSeq: 1, toSeq: 1, inserted: 11 }], earlier: null });
    expect((await read('history?rows=0')).json()).toMatchObject({ code: 'bad-request' });
    expect((await read('history?before=99999')).json()).toMatchObject({ sittings: [{ toSeq: 3 }] });
  });
});

describe('[VERS5] a comparison of two states says what differs, and who did it', () => {
  test('as JSON, to the newest row unless another is named', async () => {
    const diff = (await read('diff?from=1')).json<DiffView>();
    expect(diff).toMatchObject({ from: 1, to: 3, roots: {} });
    expect(diff.blocks).toMatchObject([
      { kind: 'inserted', type: 'paragraph', by: { author: 'ada', seq: 2 }, content: [{ text: 'Second' }] },
      {
        kind: 'same',
        by: null,
        content: expect.arrayContaining([
          expect.objectContaining({
            kind: 'deleted',
            text: 'Hello',
            by: expect.objectContaining({ seq: 3 }) as object,
          }),
          expect.objectContaining({ kind: 'inserted', text: '<b>Goodbye' }),
        ]) as object[],
      },
    ]);
    expect((await read('diff?from=1&to=1')).json<DiffView>().blocks).toMatchObject([{ kind: 'same' }]);
  });

  test('as HTML, escaped', async () => {
    const response = await read('diff?from=2&to=3&format=html');
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(response.body).toContain('<ins data-author="ada">&lt;b&gt;Goodbye</ins>');
    expect(response.body).toContain('<del data-author="ada">Hello</del>');
  });

  test('points that are none are refused', async () => {
    expect((await read('diff?from=3&to=2')).json()).toMatchObject({ code: 'bad-request' });
    expect((await read('diff?from=1&to=4')).json()).toMatchObject({ status: 404, code: 'version-not-found' });
    expect((await read('diff?from=0000aaaa-0000-4000-8000-000000000000')).json()).toMatchObject({
      code: 'version-not-found',
    });
    expect((await read('diff?from=-1')).json()).toMatchObject({ code: 'bad-request' });
    expect((await read('diff')).json()).toMatchObject({ code: 'bad-request' });
  });
});

test('[VERS6] blame names the author of each stretch, at any row', async () => {
  const newest = (await read('blame')).json<BlameView>();
  expect(newest.at).toBe(3);
  expect(newest.blocks).toMatchObject([
    { kind: 'same', type: 'paragraph', by: { author: 'ada', seq: 2 } },
    { content: [{ text: '<b>Goodbye world', by: { seq: 3 } }] },
  ]);
  const first = (await read('blame?at=1')).json<BlameView>();
  expect(first.blocks).toMatchObject([{ content: [{ text: 'Hello world', by: { author: 'ada', seq: 1 } }] }]);
});

describe('[VERS7] the past is for those who may write', () => {
  test.each(['history', 'diff?from=0', 'blame'])('%s', async (path) => {
    expect((await read(path, { role: 'viewer' })).json()).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await read(path, { role: 'commenter' })).json()).toMatchObject({ code: 'forbidden' });
    expect((await read(path, { role: 'editor', tenant: 'other' })).json()).toMatchObject({
      code: 'document-not-found',
    });
    expect((await read(path)).statusCode).toBe(200);
  });
});

describe('[VERS8] an answer about the past has a tag', () => {
  test.each(['history', 'diff?from=1', 'diff?from=1&format=html', 'blame'])(
    'of which a reader who knows it is told that nothing changed: %s',
    async (path) => {
      const { etag = '' } = (await read(path)).headers;
      expect((await read(path, {}, { 'if-none-match': String(etag) })).statusCode).toBe(304);
      await write('Third');
      expect((await read(path, {}, { 'if-none-match': String(etag) })).statusCode).toBe(200);
    },
  );

  test('a renamed document is followed', async () => {
    await world.send({}, { method: 'PATCH', url: '/v1/documents/a%2Fb', payload: { name: 'c' } });
    const response = await read('diff?from=1&to=2');
    expect([response.statusCode, response.headers.location]).toEqual([308, '/v1/documents/c/diff?from=1&to=2']);
  });
});
