import * as decoding from 'lib0/decoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { runLoad } from '../bench/run-load.ts';
import { encodeKeystroke, readClocks } from '../bench/text-update.ts';
import { readCommitted } from '../support/rest-client.ts';
import { type RunningServer, type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');

describe('the load that the benchmark makes', () => {
  let site: ServerSite;
  let server: RunningServer;
  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start();
  });
  afterAll(() => site.dispose());

  it('[OPS60] is what Yjs itself would send', () => {
    const typist = new Y.Doc();
    typist.clientID = 200_000_001;
    const sent: Uint8Array[] = [];
    typist.on('update', (update: Uint8Array) => sent.push(update));
    for (const [index, letter] of LETTERS.entries()) typist.getText('text').insert(index, letter);
    const encoded = sent.map((_, clock) => encodeKeystroke({ client: typist.clientID, clock, root: 'text' }));
    expect(encoded.map(toHex)).toEqual(sent.map(toHex));

    // What a server may send on: as received, merged frame by frame, or encoded anew from its document.
    const reencoded = Y.encodeStateAsUpdate(typist, Y.encodeStateVectorFromUpdate(Y.mergeUpdates(sent.slice(0, 3))));
    for (const update of [Y.mergeUpdates(sent.slice(3)), reencoded]) {
      const clocks: number[] = [];
      readClocks(decoding.createDecoder(update), (_client, from, to) => {
        for (let clock = from; clock < to; clock += 1) clocks.push(clock);
      });
      expect(clocks).toEqual(Array.from({ length: LETTERS.length - 3 }, (_, index) => index + 3));
    }
  });

  it('[OPS61] reaches every peer, is acknowledged, and is stored, edit by edit', { timeout: 60_000 }, async () => {
    const token = await mintToken({ sub: 'bench' });
    const load = { prefix: 'addressed', documents: 5, clients: 3, rate: 5, warmUp: 1, seconds: 2 };
    const result = await runLoad({
      dialect: 'hocuspocus',
      urls: [site.collabUrl],
      serverPids: [server.pid],
      token,
      ...load,
    });
    expect(result.edits).toBe(150);
    expect(result).toMatchObject({ undelivered: 0, unacknowledged: 0 });
    expect(result.acknowledgement?.count).toBe(150);
    expect(result.peer?.count).toBe(300);
    for (let index = 0; index < load.documents; index += 1) {
      const stored = await readCommitted(site.url, `addressed-${index}`, token);
      expect(stored.getText('text').length).toBe(45);
    }
  });

  it('[OPS62] finds its way into a y-websocket address too', { timeout: 60_000 }, async () => {
    const token = await mintToken({ sub: 'bench' });
    const load = { prefix: 'plain', documents: 3, clients: 2, rate: 5, warmUp: 1, seconds: 1 };
    const plan = {
      dialect: 'y-websocket',
      urls: [site.yUrl],
      query: `?token=${token}`,
      serverPids: [server.pid],
    } as const;
    const result = await runLoad({ ...plan, token, ...load });
    expect(result).toMatchObject({ edits: 30, undelivered: 0 });
  });
});

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
