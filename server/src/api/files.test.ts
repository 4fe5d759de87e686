import { FILE_KINDS, type FileFormat, type ImportedView } from '@scriptorium/shared/export-schemas';
import { strToU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { findReadmes } from '../../test/support/readmes.ts';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';
import { readFileSync } from 'node:fs';

let world: ApiWorld;

beforeEach(async () => {
  world = await createApiWorld({
    config: {
      allowedOrigins: [],
      limits: {
        bodyBytes: 1_000_000,
        messageBytes: 1_000_000,
        httpConnectionsPerAddress: 1_000,
        requestsPerMinute: Infinity,
        anonymousPerMinute: Infinity,
      },
    },
  });
});

afterEach(() => world.close());

const address = (name: string) => `/v1/documents/${encodeURIComponent(name)}`;

function importFile(name: string, format: FileFormat, body: string | Buffer) {
  return importAs({ role: 'editor' }, name, { format, body });
}

function importAs(claims: object, name: string, { format, body }: { format: FileFormat; body: string | Buffer }) {
  const headers = { 'content-type': FILE_KINDS[format].mediaType };
  return world.send({ ...claims }, { method: 'POST', url: `${address(name)}/import`, headers, payload: body });
}

function exportFile(name: string, format: FileFormat, claims: object = { role: 'viewer' }) {
  return world.send({ ...claims }, { method: 'GET', url: `${address(name)}/export?format=${format}` });
}

describe('[CONT70] a file becomes a document and a document a file', () => {
  test('in every format, there and back', async () => {
    const source = '# Title\n\nSome **bold** text.\n\n- one\n- two\n';
    const made = await importFile('notes/a', 'markdown', source);
    expect([made.statusCode, made.json<ImportedView>()]).toMatchObject([
      201,
      { name: 'notes/a', created: true, changed: true },
    ]);
    for (const format of ['markdown', 'html', 'json', 'docx', 'text', 'yjs'] as const) {
      const file = await exportFile('notes/a', format);
      expect(file.headers['content-type'], format).toContain(FILE_KINDS[format].mediaType);
      expect(file.headers['content-disposition']).toBe(`attachment; filename="a.${FILE_KINDS[format].extension}"`);
      const copy = await importFile(`copies/${format}`, format, file.rawPayload);
      expect([format, copy.statusCode]).toEqual([format, 201]);
      const back = (await exportFile(`copies/${format}`, 'markdown')).body;
      if (format === 'text') expect(back).toContain('Some bold text.');
      else expect([format, back]).toEqual([format, source]);
    }
  });

  test('into a document that is there as a minimal edit', async () => {
    await importFile('a', 'markdown', 'One\n\nTwo\n');
    const again = await importFile('a', 'markdown', 'One\n\nTwo\n');
    expect([again.statusCode, again.json()]).toMatchObject([200, { created: false, changed: false }]);
    expect((await importFile('a', 'markdown', 'One\n\n2\n')).json()).toMatchObject({ changed: true });
    const blame = await world.send({ role: 'editor' }, { method: 'GET', url: `${address('a')}/diff?from=1` });
    expect(blame.json()).toMatchObject({
      blocks: [
        { kind: 'same' },
        { content: expect.arrayContaining([expect.objectContaining({ text: '2' })]) as unknown[] },
      ],
    });
  });

  test('by those who may, and only from files that are some', async () => {
    expect((await importAs({ role: 'viewer' }, 'a', { format: 'markdown', body: 'x' })).json()).toMatchObject({
      code: 'forbidden',
    });
    expect((await importFile('a', 'docx', 'no zip')).json()).toMatchObject({ code: 'invalid-content' });
    expect((await exportFile('a', 'json')).json()).toMatchObject({ code: 'document-not-found' });
    const headers = { 'content-type': 'image/png' };
    const image = await world.send({}, { method: 'POST', url: `${address('a')}/import`, headers, payload: 'x' });
    expect(image.json()).toMatchObject({ code: 'unsupported-media-type' });
    expect((await world.send({}, { method: 'GET', url: `${address('a')}/export?format=pdf` })).json()).toMatchObject({
      code: 'bad-request',
    });
  });
});

test(
  '[CONT71] Markdown files of others come out as they went in after the first trip',
  { timeout: 240_000 },
  async () => {
    const files = findReadmes();
    expect(files.length).toBeGreaterThan(30);
    for (const [index, file] of files.entries()) {
      const name = `readmes/${index}`;
      expect((await importFile(name, 'markdown', readFileSync(file))).statusCode, file).toBe(201);
      const first = (await exportFile(name, 'markdown')).body;
      expect((await importFile(name, 'markdown', first)).json<ImportedView>().changed, file).toBe(false);
      expect((await importFile(`${name}/copy`, 'markdown', first)).statusCode, file).toBe(201);
      expect((await exportFile(`${name}/copy`, 'markdown')).body, file).toBe(first);
    }
  },
);

describe('[CONT72] all documents of a tenant come as one archive', () => {
  const readArchive = async (query: string, claims: Record<string, unknown> = { role: 'editor' }) => {
    const response = await world.send(claims, { method: 'GET', url: `/v1/export${query}` });
    expect(response.headers['content-type']).toBe('application/zip');
    const files = Object.entries(unzipSync(response.rawPayload));
    return new Map(files.map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]));
  };

  beforeEach(async () => {
    for (const name of ['a', 'a/b', 'secret/c']) await importFile(name, 'markdown', `Text of ${name}\n`);
  });

  test('with a manifest, of what the caller may export', async () => {
    const all = await readArchive('');
    expect([...all.keys()]).toEqual(['documents/a.md', 'documents/a/b.md', 'documents/secret/c.md', 'manifest.json']);
    expect(all.get('documents/a/b.md')).toBe('Text of a/b\n');
    expect(JSON.parse(all.get('manifest.json') ?? '')).toMatchObject({
      format: 'markdown',
      documents: [{ name: 'a', path: 'documents/a.md', epoch: 1, seq: 1 }, { name: 'a/b' }, { name: 'secret/c' }],
      failed: [],
    });
    const some = await readArchive('?format=text', { role: 'viewer', documents: { 'secret/*': 'none' } });
    expect([...some.keys()]).toEqual(['documents/a.txt', 'documents/a/b.txt', 'manifest.json']);
    expect([...(await readArchive('?prefix=a/')).keys()]).toEqual(['documents/a/b.md', 'manifest.json']);
    expect([...(await readArchive('', { tenant: 'other' })).keys()]).toEqual(['manifest.json']);
  });

  test('with the history on request, for those who may read it', async () => {
    const url = `${address('a')}/versions`;
    await world.send({}, { method: 'POST', url, payload: { label: 'First' } });
    const archive = await readArchive('?prefix=a&history=true');
    expect([...archive.keys()]).toContain('history/a/b.json');
    expect(JSON.parse(archive.get('history/a.json') ?? '')).toMatchObject({ sittings: [{ author: 'ada' }] });
    expect(JSON.parse(archive.get('versions/a.json') ?? '')).toMatchObject([{ label: 'First', seq: 1 }]);
    const viewer = await readArchive('?prefix=a&history=true', { role: 'viewer' });
    expect([...viewer.keys()]).toEqual(['documents/a.md', 'documents/a/b.md', 'manifest.json']);
  });
});

test('[CONT73] what cannot be had of one document is named in the manifest, and the others are there', async () => {
  await importFile('a', 'markdown', 'A\n');
  await world.send({}, { method: 'POST', url: '/v1/documents', payload: { name: 'b' } });
  const state = new Y.Doc();
  state.getText('other').insert(0, 'text');
  await importFile('b', 'yjs', Buffer.from(Y.encodeStateAsUpdate(state)));
  await world.damage('a');
  const response = await world.send({}, { method: 'GET', url: '/v1/export?format=json' });
  const files = unzipSync(response.rawPayload);
  expect(JSON.parse(new TextDecoder().decode(files['manifest.json'] ?? strToU8('{}')))).toMatchObject({
    documents: [{ name: 'b' }],
    failed: [{ name: 'a', code: 'document-quarantined' }],
  });
});
