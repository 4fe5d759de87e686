import { HocuspocusProvider } from '@hocuspocus/provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { openHocuspocusSocket } from '../support/hocuspocus-client.ts';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('several providers of one document on one socket', () => {
  let site: ServerSite;
  let token: string;
  beforeAll(async () => {
    site = await createServerSite();
    await site.start({ env: { LIMIT_SESSIONS_PER_DOCUMENT: '3' } });
    token = await mintToken({ sub: 'ada' });
  });
  afterAll(() => site.dispose());

  it('[SOCK88] each has its session, and what one writes reaches the others', { timeout: 60_000 }, async () => {
    const socket = openHocuspocusSocket(site.collabUrl);
    let ends = 0;
    socket.on('disconnect', () => (ends += 1));
    // As the provider does it by itself: with `sessionAwareness` its address names a session, without it does not.
    const views = [false, true, true].map((sessionAwareness) => {
      const document = new Y.Doc();
      const provider = new HocuspocusProvider({
        websocketProvider: socket,
        name: 'split-view',
        document,
        sessionAwareness,
        token: () => token,
      });
      provider.attach();
      return { provider, text: document.getText('text') };
    });
    await waitUntil(() => views.every(({ provider }) => provider.isSynced && provider.unsyncedChanges === 0), {
      what: 'all three are synced',
    });
    for (const [index, { text }] of views.entries()) text.insert(text.length, `view ${index}. `);
    await waitUntil(() => views.every(({ text }) => text.length === 24 && text.toJSON() === views[0]?.text.toJSON()), {
      what: 'all three have the same text',
      seen: () => JSON.stringify(views.map(({ text }) => text.toJSON())),
    });
    await waitUntil(() => views.every(({ provider }) => provider.unsyncedChanges === 0), { what: 'acknowledgements' });
    expect(ends).toBe(0);
    for (const { provider } of views) provider.destroy();
    socket.destroy();
  });
});
