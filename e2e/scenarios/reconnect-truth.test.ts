import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type * as Y from 'yjs';
import { type HocuspocusClient, openHocuspocus } from '../support/hocuspocus-client.ts';
import { readCommitted } from '../support/rest-client.ts';
import { createServerSite } from '../support/scriptorium-server.ts';
import { createStockSite } from '../support/stock-hocuspocus.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';

const EDITS = 8;
const APPEND_DELAY_MS = 400;
const DOCUMENT = 'reconnect';

type ReadStored = () => Promise<Y.Doc>;

describe('what "saved" means after a reconnect', () => {
  it('[ACK54] saved never shows before all eight offline edits are committed', { timeout: 60_000 }, async () => {
    const site = await createServerSite();
    try {
      await site.start({ env: { SCRIPTORIUM_TEST_APPEND_DELAY_MS: String(APPEND_DELAY_MS) } });
      const token = await mintToken({ sub: 'ada' });
      const readStored: ReadStored = () => readCommitted(site.url, DOCUMENT, token);
      for (let round = 0; round < 3; round += 1) {
        const client = openHocuspocus({ url: site.collabUrl, document: DOCUMENT, token });
        const sightings = await replayOfflineEdits(client, round, readStored);
        // Every moment of "saved" counts, not only the last one.
        expect(sightings.length).toBeGreaterThan(0);
        expect(sightings.every((committed) => committed === EDITS)).toBe(true);
        client.destroy();
      }
    } finally {
      await site.dispose();
    }
  });

  it('[ACK55] the store really was slow: an edit is not acknowledged before the delay is over', async () => {
    const site = await createServerSite();
    try {
      await site.start({ env: { SCRIPTORIUM_TEST_APPEND_DELAY_MS: String(APPEND_DELAY_MS) } });
      const client = openHocuspocus({ url: site.collabUrl, document: DOCUMENT, token: await mintToken({ sub: 'ada' }) });
      await client.ready();
      const typedAt = performance.now();
      client.doc.getText('text').insert(0, 'slow');
      await waitUntil(() => client.provider.unsyncedChanges === 0, { what: 'acknowledgement' });
      expect(performance.now() - typedAt).toBeGreaterThanOrEqual(APPEND_DELAY_MS - 5);
      client.destroy();
    } finally {
      await site.dispose();
    }
  });

  it('[ACK56] the same check finds a server that says saved before it stores', { timeout: 60_000 }, async () => {
    const site = await createStockSite();
    try {
      await site.start();
      const client = openHocuspocus({ url: site.collabUrl, document: DOCUMENT, token: 'any' });
      const sightings = await replayOfflineEdits(client, 0, () => site.readStored(DOCUMENT));
      expect(sightings.some((committed) => committed < EDITS)).toBe(true);
      client.destroy();
    } finally {
      await site.dispose();
    }
  });
});

/**
 * Goes offline, makes eight edits, returns, and at every moment when the provider has nothing unacknowledged reads how
 * many of the eight a crash would leave.
 */
async function replayOfflineEdits(client: HocuspocusClient, round: number, readStored: ReadStored): Promise<number[]> {
  const { provider, socket, doc } = client;
  await client.ready();
  const sightings: Promise<number>[] = [];
  socket.disconnect();
  await waitUntil(() => !provider.isSynced, { what: 'offline' });

  const edits = Array.from({ length: EDITS }, (_, index) => `offline-${round}-${index} `);
  for (const edit of edits) doc.getText('text').insert(0, edit);
  provider.on('unsyncedChanges', ({ number }: { number: number }) => {
    if (number === 0) sightings.push(countStored(readStored, edits));
  });
  await socket.connect();
  await waitUntil(() => sightings.length > 0, { what: 'saved', timeoutMs: 15_000 });
  // Later acknowledgements may lower the counter again; all of them count.
  await sleep(APPEND_DELAY_MS * 3);
  return Promise.all(sightings);
}

async function countStored(readStored: ReadStored, edits: readonly string[]): Promise<number> {
  const text = (await readStored()).getText('text').toString();
  return edits.filter((edit) => text.includes(edit)).length;
}
