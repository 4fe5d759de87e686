import { describe, expect, it } from 'vitest';
import type { Child } from '../support/child-process.ts';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { readCommitted } from '../support/rest-client.ts';
import { createServerSite } from '../support/scriptorium-server.ts';
import { pickSize } from '../support/sizes.ts';
import { openSlowLine } from '../support/slow-line.ts';
import { createStockSite } from '../support/stock-hocuspocus.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil, withDeadline } from '../support/wait-until.ts';

const EDITS = 8;
const APPEND_DELAY_MS = 400;
const DOCUMENT = 'reconnect';
const ROUNDS = pickSize({ share: 2, full: 10 });
const SLOW_STORE = { SCRIPTORIUM_TEST_APPEND_DELAY_MS: String(APPEND_DELAY_MS) };

describe('what "saved" means after a reconnect', () => {
  it.for(['a fast line', 'a slow line'] as const)(
    '[ACK54] over %s, saved never shows before all eight offline edits are committed',
    { timeout: 120_000 },
    async (line) => {
      const site = await createServerSite();
      // The eight edits are on the line for longer than an append takes, so they reach the log one by one.
      const proxy = await openSlowLine({ targetPort: site.port, pieceBytes: 40, pieceMs: 60 });
      try {
        const token = await mintToken({ sub: 'ada' });
        const url = line === 'a fast line' ? site.collabUrl : `ws://127.0.0.1:${proxy.port}/collab`;
        for (let round = 0; round < ROUNDS; round += 1) {
          const server = await site.start({ env: SLOW_STORE });
          const edits = await crashWhenSaved({ url, token, server, round });
          const next = await site.start();
          const text = (await readCommitted(site.url, DOCUMENT, token)).getText('text').toString();
          expect(edits.filter((edit) => !text.includes(edit))).toEqual([]);
          await next.kill();
        }
      } finally {
        proxy.close();
        await site.dispose();
      }
    },
  );

  it('[ACK55] the store really was slow: an edit is not acknowledged before the delay is over', async () => {
    const site = await createServerSite();
    try {
      await site.start({ env: SLOW_STORE });
      const client = openHocuspocus({
        url: site.collabUrl,
        document: DOCUMENT,
        token: await mintToken({ sub: 'ada' }),
      });
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
      const server = await site.start();
      const edits = await crashWhenSaved({ url: site.collabUrl, token: 'any', server, round: 0 });
      const text = (await site.readStored(DOCUMENT)).getText('text').toString();
      expect(edits.some((edit) => !text.includes(edit))).toBe(true);
    } finally {
      await site.dispose();
    }
  });
});

interface Crash {
  readonly url: string;
  readonly token: string;
  readonly server: Child;
  readonly round: number;
}

/**
 * Goes offline, makes eight edits, returns, and kills the server in the very moment when the provider first has nothing
 * unacknowledged: what is not on disk by then is lost. Returns the edits.
 */
async function crashWhenSaved({ url, token, server, round }: Crash): Promise<readonly string[]> {
  const { ready, provider, socket, doc, destroy } = openHocuspocus({ url, document: DOCUMENT, token });
  await ready();
  socket.disconnect();
  await waitUntil(() => !provider.isSynced, { what: 'offline' });

  const edits = Array.from({ length: EDITS }, (_, index) => `offline-${round}-${index} `);
  for (const edit of edits) doc.getText('text').insert(0, edit);
  provider.on('unsyncedChanges', ({ number }: { number: number }) => {
    if (number === 0) server.signal('SIGKILL');
  });
  await socket.connect();
  await withDeadline(server.exited, { what: 'saved, and the crash', timeoutMs: 30_000 });
  // A client that stayed would bring its edits back by itself.
  destroy();
  return edits;
}
