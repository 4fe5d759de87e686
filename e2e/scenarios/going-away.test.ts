import { CLOSE_CODES, isRetryableCloseCode } from '@scriptorium/shared/close-codes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { type RunningServer, type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openYWebsocket } from '../support/y-websocket-client.ts';

describe('a server that goes away and comes back', () => {
  let site: ServerSite;
  let server: RunningServer;
  let token: string;
  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start();
    token = await mintToken({ sub: 'ada' });
  });
  afterAll(() => site.dispose());

  it.for(['SIGTERM', 'SIGKILL'] as const)(
    '[SOCK62] after %s both kinds of clients return by themselves, with what they wrote meanwhile',
    { timeout: 60_000 },
    async (signal) => {
      const document = `away-${signal}`;
      const stock = openHocuspocus({ url: site.collabUrl, document, token });
      const y = openYWebsocket({ url: site.yUrl, document, token });
      await Promise.all([stock.ready(), y.ready()]);
      const codes: number[] = [];
      stock.socket.on('disconnect', ({ event }: { event: { code: number } }) => codes.push(event.code));
      y.provider.on('connection-close', (event) => codes.push(event?.code ?? 0));

      server.signal(signal);
      await server.exited;
      await waitUntil(() => codes.length >= 2, { what: 'both are cut off' });
      expect(codes.every(isRetryableCloseCode)).toBe(true);
      if (signal === 'SIGTERM') expect(codes.slice(0, 2)).toEqual([CLOSE_CODES.goingAway, CLOSE_CODES.goingAway]);
      stock.doc.getText('text').insert(0, 'stock wrote. ');
      y.doc.getText('text').insert(0, 'y wrote. ');

      server = await site.start();
      const agree = (): boolean => stock.doc.getText('text').toString() === y.doc.getText('text').toString();
      await waitUntil(() => stock.doc.getText('text').length === 22 && agree(), {
        what: 'both have both texts',
        timeoutMs: 20_000,
        seen: () => `${stock.doc.getText('text').toString()} | ${y.doc.getText('text').toString()}`,
      });
      await waitUntil(() => stock.provider.unsyncedChanges === 0, { what: 'acknowledgement' });
      stock.destroy();
      y.destroy();
    },
  );
});
