import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Awareness } from 'y-protocols/awareness';
import {
  type HocuspocusClient,
  type HocuspocusClientOptions,
  openHocuspocus,
  openHocuspocusSocket,
} from '../support/hocuspocus-client.ts';
import { readField } from '../support/rest-client.ts';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { type YWebsocketClient, openYWebsocket } from '../support/y-websocket-client.ts';

describe('both kinds of stock clients in one document', () => {
  let site: ServerSite;
  let ada: string;
  let lin: string;
  const open = new Set<{ destroy(): void }>();

  beforeAll(async () => {
    site = await createServerSite();
    await site.start();
    ada = await mintToken({ sub: 'ada', name: 'Ada' });
    lin = await mintToken({ sub: 'lin', name: 'Lin' });
  });
  afterEach(() => {
    for (const client of open) client.destroy();
    open.clear();
  });
  afterAll(() => site.dispose());

  function stock(options: Omit<HocuspocusClientOptions, 'url' | 'token'>): HocuspocusClient {
    const client = openHocuspocus({ url: site.collabUrl, token: ada, ...options });
    open.add(client);
    return client;
  }
  function yWebsocket(document: string, token = lin): YWebsocketClient {
    const client = openYWebsocket({ url: site.yUrl, document, token });
    open.add(client);
    return client;
  }
  async function pair(document: string): Promise<[HocuspocusClient, YWebsocketClient]> {
    const clients: [HocuspocusClient, YWebsocketClient] = [stock({ document }), yWebsocket(document)];
    await Promise.all(clients.map((client) => client.ready()));
    return clients;
  }

  it('[SOCK51] text goes both ways, and each sees what was there before it came', async () => {
    const [hocuspocus, y] = await pair('meet');
    hocuspocus.doc.getText('text').insert(0, 'from hocuspocus. ');
    await waitUntil(() => y.doc.getText('text').length === 17, { what: 'text at the y-websocket client' });
    y.doc.getText('text').insert(17, 'from y-websocket.');
    const both = 'from hocuspocus. from y-websocket.';
    await waitUntil(() => hocuspocus.doc.getText('text').toString() === both, {
      what: 'text at the Hocuspocus client',
    });

    const late = yWebsocket('meet');
    await late.ready();
    expect(late.doc.getText('text').toString()).toBe(both);
  });

  it('[SOCK52] cursors go both ways and are gone when their owner leaves', async () => {
    const [hocuspocus, y] = await pair('cursors');
    hocuspocus.provider.setAwarenessField('user', { name: 'Ada' });
    y.provider.awareness.setLocalStateField('user', { name: 'Lin' });
    const adaSees = (): string[] => namesIn(hocuspocus.provider.awareness);
    const linSees = (): string[] => namesIn(y.provider.awareness);
    await waitUntil(() => adaSees().includes('Lin') && linSees().includes('Ada'), { what: 'both cursors' });

    y.destroy();
    open.delete(y);
    await waitUntil(() => !adaSees().includes('Lin'), { what: "Lin's cursor goes", timeoutMs: 5_000 });
    const back = yWebsocket('cursors');
    await waitUntil(() => namesIn(back.provider.awareness).includes('Ada'), { what: 'a newcomer sees who is there' });
    hocuspocus.destroy();
    open.delete(hocuspocus);
    await waitUntil(() => namesIn(back.provider.awareness).length === 0, {
      what: "Ada's cursor goes",
      timeoutMs: 5_000,
    });
  });

  it('[SOCK53] many documents share one socket, and a refused one leaves the others alone', async () => {
    const guarded = await mintToken({ sub: 'ada', documents: { 'shared/secret': 'none' } });
    const socket = openHocuspocusSocket(site.collabUrl);
    open.add(socket);
    const names = Array.from({ length: 20 }, (_, index) => `shared/${index}`);
    const clients = names.map((document) => stock({ document, socket }));
    const refusals: string[] = [];
    const secret = openHocuspocus({ url: site.collabUrl, document: 'shared/secret', token: guarded, socket });
    secret.provider.on('authenticationFailed', ({ reason }: { reason: string }) => refusals.push(reason));
    open.add(secret);
    await Promise.all(clients.map((client) => client.ready()));
    for (const [index, client] of clients.entries()) client.doc.getText('text').insert(0, `text ${index}`);
    await waitUntil(() => clients.every((client) => client.provider.unsyncedChanges === 0), {
      what: 'all acknowledged',
    });
    await waitUntil(() => refusals.length > 0, { what: 'refusal of the secret one' });

    for (const index of [0, 7, 19]) {
      const y = yWebsocket(`shared/${index}`);
      await y.ready();
      expect(y.doc.getText('text').toString()).toBe(`text ${index}`);
    }
    expect(secret.provider.isSynced).toBe(false);
  });

  it('[SOCK54] the root path serves Hocuspocus clients too', async () => {
    const client = openHocuspocus({ url: `ws://127.0.0.1:${site.port}`, document: 'at-root', token: ada });
    open.add(client);
    await client.ready();
  });

  it('[AUTH52] a token that can never do ends a y-websocket client for good', async () => {
    const tokens = {
      forged: await mintToken({ sub: 'lin', secret: 'another-secret-another-secret-another-secret' }),
      expired: await mintToken({ sub: 'lin', expiresIn: -60 }),
      garbage: 'no-token',
      denied: await mintToken({ sub: 'lin', documents: { final: 'none' } }),
    };
    for (const [name, token] of Object.entries(tokens)) {
      const code = await finalCloseCode(yWebsocket('final', token));
      expect(code, name).toBeGreaterThanOrEqual(4400);
      expect(code, name).toBeLessThan(4500);
    }
  });

  it('[SOCK55] a name that no document can have ends a y-websocket client for good', async () => {
    const code = await finalCloseCode(yWebsocket('-starts-badly'));
    expect(code).toBeGreaterThanOrEqual(4400);
    expect(code).toBeLessThan(4500);
  });

  it('[SOCK56] a tenant sees only its own documents of a name', async () => {
    const mine = stock({ document: 'same-name' });
    await mine.ready();
    mine.doc.getText('text').insert(0, 'ours');
    await waitUntil(() => mine.provider.unsyncedChanges === 0, { what: 'acknowledgement' });
    const other = yWebsocket('same-name', await mintToken({ sub: 'eve', tenant: 'elsewhere' }));
    await other.ready();
    expect(other.doc.getText('text').toString()).toBe('');
    other.doc.getText('text').insert(0, 'theirs');
    const again = yWebsocket('same-name', await mintToken({ sub: 'eve', tenant: 'elsewhere' }));
    await waitUntil(() => again.doc.getText('text').toString() === 'theirs', {
      what: 'the other tenant reads its own',
    });
    expect(mine.doc.getText('text').toString()).toBe('ours');
  });
});

async function finalCloseCode(client: YWebsocketClient): Promise<number> {
  let code = 0;
  client.provider.on('closed', (event) => (code = event.code));
  await waitUntil(() => code !== 0, { what: 'a final close' });
  return code;
}

function namesIn(awareness: Awareness | null): string[] {
  if (awareness === null) return [];
  return [...awareness.getStates()]
    .filter(([client]) => client !== awareness.clientID)
    .map(([, state]) => readField(state, 'user', 'name'))
    .filter((name) => typeof name === 'string');
}
