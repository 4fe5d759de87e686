import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('rest-exports');
let node: Awaited<ReturnType<typeof startTestNode>>;
let call: Caller;

beforeAll(async () => {
  node = await startTestNode(directory.path);
  call = await createCaller(node, { role: 'admin' });
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

const ROUNDS = 20;

/** Two people in a document; `type` resolves when the other one has a word, which is before it is stored. */
async function openPair(document: string) {
  const [writer, reader] = [await connectByHand(`${node.url}/collab`), await connectByHand(`${node.url}/collab`)];
  for (const client of [writer, reader]) await client.enter(document, await signToken({ sub: 'ada', role: 'owner' }));
  const doc = new Y.Doc();
  const type = async (word: string): Promise<void> => {
    const seen = Promise.withResolvers<void>();
    const look = (bytes: Buffer): void => {
      if (bytes.includes(word)) seen.resolve();
    };
    reader.socket.on('message', look);
    const before = Y.encodeStateVector(doc);
    doc.getText('t').insert(doc.getText('t').length, `${word} `);
    writer.update(document, Y.encodeStateAsUpdate(doc, before));
    await seen.promise;
    reader.socket.off('message', look);
  };
  const close = (): void => {
    for (const client of [writer, reader]) client.socket.close();
  };
  return { type, close };
}

describe('[REST262] an export is of what was applied before', () => {
  it('names exactly the state that it holds, in its entity tag and in the audit log', async () => {
    const { type, close } = await openPair('open');
    const tags: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await type(`word${round}`);
      const file = await call('GET', '/documents/open/export?format=json');
      expect(file.text).toContain(`word${round} `);
      const at = file.etag.slice(1, -1);
      const content = await call('GET', `/documents/open/content?format=text&at=${at}`);
      expect(content.text.match(/word\d+/g)).toEqual(file.text.match(/word\d+/g));
      tags.push(at);
    }
    close();
    const noted = async (): Promise<readonly string[]> => {
      const { json } = await call('GET', '/audit?document=open&limit=100');
      const entries = json['entries'] as readonly {
        readonly action: string;
        readonly detail: { format: string; seq: number };
      }[];
      // Reads of content, which are exports too, were of another format. Equal notes of a second are one.
      const exports = entries.filter(({ action, detail }) => action === 'document.export' && detail.format === 'json');
      return exports.map(({ detail }) => `1-${detail.seq}`);
    };
    await waitUntil('all is noted', async () => new Set(await noted()).size === new Set(tags).size);
    expect(new Set(await noted())).toEqual(new Set(tags));
  });

  it('in an archive, whose manifest says which state it holds', async () => {
    const { type, close } = await openPair('archived');
    const token = await signToken({ sub: 'ada', role: 'admin' });
    for (let round = 0; round < ROUNDS; round += 1) {
      await type(`word${round}`);
      const url = `http://127.0.0.1:${node.port}/v1/export?format=text&prefix=archived`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      const entries = unzipSync(new Uint8Array(await response.arrayBuffer()));
      const text = new TextDecoder().decode(entries['documents/archived.txt']);
      expect(text).toContain(`word${round}`);
      const manifest = JSON.parse(new TextDecoder().decode(entries['manifest.json'])) as {
        readonly documents: readonly [{ readonly epoch: number; readonly seq: number }];
      };
      const [{ epoch, seq }] = manifest.documents;
      const content = await call('GET', `/documents/archived/content?format=text&at=${epoch}-${seq}`);
      expect(content.text).toBe(text);
    }
    close();
  });
});
