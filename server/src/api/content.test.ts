import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld();
  await world.send({ role: 'owner' }, { method: 'POST', url: '/v1/documents', payload: { name: 'a/b' } });
});

afterEach(() => world.close());

function write(text: string): Promise<void> {
  return world.edit('a/b', (document) => {
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [new Y.XmlText(text)]);
    document.getXmlFragment('default').insert(0, [paragraph]);
  });
}

function read(query = '', headers: Record<string, string> = {}) {
  return world.send({ role: 'viewer' }, { method: 'GET', url: `/v1/documents/a%2Fb/content${query}`, headers });
}

describe('[REST14] the content comes in the format that is asked for', () => {
  test('json, and by default', async () => {
    await write('Hello');
    for (const response of [await read('?format=json'), await read(), await read('', { accept: '*/*' })]) {
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(response.json()).toEqual({
        type: 'doc',
        content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Hello' }] }],
      });
    }
  });

  test('text', async () => {
    await write('Grüße');
    for (const response of [await read('?format=text'), await read('', { accept: 'text/plain' })]) {
      expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(response.body).toBe('Grüße');
    }
  });

  test('yjs: the update itself, byte by byte', async () => {
    await write('Hello');
    const response = await read('?format=yjs');
    expect(response.headers['content-type']).toBe('application/vnd.yjs.update');
    const document = new Y.Doc();
    Y.applyUpdate(document, response.rawPayload);
    expect(document.getXmlFragment('default').toString()).toBe('<paragraph>Hello</paragraph>');
  });

  test('a format wins over Accept', async () => {
    await write('Hello');
    expect((await read('?format=text', { accept: 'application/json' })).body).toBe('Hello');
  });

  test('what cannot be given is said', async () => {
    expect((await read('', { accept: 'image/png' })).json()).toMatchObject({ status: 406, code: 'not-acceptable' });
    expect((await read('?format=pdf')).json()).toMatchObject({ status: 400, code: 'bad-request' });
  });

  test('markdown and HTML', async () => {
    await write('Hello');
    const markdown = await read('', { accept: 'text/markdown' });
    expect([markdown.headers['content-type'], markdown.body]).toEqual(['text/markdown; charset=utf-8', 'Hello\n']);
    const html = await read('?format=html');
    expect([html.headers['content-type'], html.body]).toEqual(['text/html; charset=utf-8', '<p>Hello</p>']);
  });

  test('a query that this version does not know is refused, since its answer would be another one', async () => {
    expect((await read('?as=3')).json()).toMatchObject({ status: 400, code: 'bad-request' });
  });

  test('an empty document has content too', async () => {
    expect((await read('?format=text')).body).toBe('');
    expect((await read('?format=json')).json()).toEqual({ type: 'doc', content: [] });
    expect((await read('?format=yjs')).rawPayload).toHaveLength(2);
  });
});

describe('[REST15] the entity tag names the state, and spares what is known', () => {
  test('the tag follows every commit', async () => {
    expect((await read()).headers.etag).toBe('"1-0"');
    await write('Hello');
    const response = await read();
    expect([response.headers.etag, response.headers['cache-control'], response.headers.vary]).toEqual([
      '"1-1"',
      'no-cache',
      'Accept, Accept-Encoding',
    ]);
  });

  test('a known state is not read, rendered or sent', async () => {
    await write('Hello');
    const before = world.reads();
    const response = await read('?format=json', { 'if-none-match': '"1-1"' });
    expect([response.statusCode, response.body, response.headers.etag]).toEqual([304, '', '"1-1"']);
    expect(response.headers['content-type']).toBeUndefined();
    expect(world.reads()).toBe(before);
  });

  test('an older state is answered in full', async () => {
    await write('Hello');
    await write('again');
    const response = await read('?format=text', { 'if-none-match': '"1-1"' });
    expect([response.statusCode, response.headers.etag, response.body]).toEqual([200, '"1-2"', 'again\nHello']);
  });
});

test('[REST16] HEAD answers as GET, without the content', async () => {
  await write('Hello');
  const response = await world.send(
    { role: 'viewer' },
    { method: 'HEAD', url: '/v1/documents/a%2Fb/content?format=text' },
  );
  expect([response.statusCode, response.body, response.headers.etag, response.headers['content-length']]).toEqual([
    200,
    '',
    '"1-1"',
    '5',
  ]);
});
