import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

type TestNode = Awaited<ReturnType<typeof startTestNode>>;

let directory: TemporaryDirectory;
let node: TestNode;

/** A document whose second row is damaged, and one that is sound. */
beforeEach(async () => {
  directory = createTemporaryDirectory('quarantine-node');
  node = await startTestNode(directory.path);
  const token = await signToken({ sub: 'ada', role: 'owner' });
  const client = await connectByHand(`${node.url}/collab`);
  for (const name of ['bad', 'good']) {
    client.login(name, token);
    const doc = new Y.Doc();
    for (const text of ['kept ', 'lost ']) {
      const before = Y.encodeStateVector(doc);
      doc.getText('t').insert(doc.getText('t').length, text);
      client.update(name, Y.encodeStateAsUpdate(doc, before));
      await client.until('status', client.heard.filter(({ kind }) => kind === 'status').length + 1);
    }
  }
  client.socket.close();
  await node.stop();
  const store = await openEmbeddedStore(directory.path);
  const bad = store.database.selectFrom('documents').select('id').where('name', '=', 'bad');
  const payload = new Uint8Array([7, 7, 7]);
  await store.database
    .updateTable('log_rows')
    .set({ payload })
    .where('document_id', 'in', bad)
    .where('seq', '=', 2)
    .execute();
  await store.close();
  node = await startTestNode(directory.path);
});

afterEach(async () => {
  await node.stop();
  directory.remove();
});

describe('a damaged document on a running server', () => {
  it('[SNAP54] opens read-only, its session is told why and may not write, and others are not touched', async () => {
    const client = await connectByHand(`${node.url}/collab`);
    const token = await signToken({ sub: 'ada', role: 'owner' });
    client.login('bad', token);
    expect(await client.until('authenticated')).toMatchObject({ text: 'readonly' });
    const told: unknown = JSON.parse((await client.until('stateless')).text);
    expect(told).toMatchObject({ type: 'scriptorium.refused', code: 'document-quarantined', readOnly: true });
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'more');
    client.update('bad', Y.encodeStateAsUpdate(doc));
    expect(await client.until('status')).toMatchObject({ saved: false });
    // A new token grants what it grants, and still nothing here.
    client.login('bad', token);
    client.update('bad', Y.encodeStateAsUpdate(doc));
    expect(await client.until('status', 2)).toMatchObject({ saved: false });
    client.login('good', token);
    expect(await client.until('authenticated', 2)).toMatchObject({ text: 'read-write' });
    client.update('good', Y.encodeStateAsUpdate(doc));
    expect(await client.until('status', 3)).toMatchObject({ saved: true });
    client.socket.close();
  });

  it('[SNAP54] is exported with a word about it, and can be deleted', async () => {
    const headers = { authorization: `Bearer ${await signToken({ sub: 'ada', role: 'owner' })}` };
    const base = `http://127.0.0.1:${node.port}/v1/documents`;
    const content = await fetch(`${base}/bad/content?format=text`, { headers });
    expect([content.status, content.headers.get('document-quarantined'), (await content.text()).trim()]).toEqual([
      200,
      'true',
      'kept',
    ]);
    const sound = await fetch(`${base}/good/content?format=text`, { headers });
    expect([sound.headers.get('document-quarantined'), (await sound.text()).trim()]).toEqual([null, 'kept lost']);
    expect((await fetch(`${base}/bad`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(`${base}/bad`, { headers })).status).toBe(410);
  });
});
