import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyUpdate, decodeUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import { FakeServer } from '../../test/fake-server.ts';
import { countKeptChanges, forgetOfflineCopies } from './offline-overview.ts';
import type { ProviderEvents, Replacement, ScriptoriumProvider, ScriptoriumProviderOptions } from './provider-types.ts';
import { createScriptoriumProvider } from './provider.ts';

const url = 'ws://server/collab';
const user = 'ada';
const owner = { server: url, user };

describe('provider', () => {
  let server: FakeServer;
  let providers: ScriptoriumProvider[];

  beforeEach(() => {
    server = new FakeServer();
    providers = [];
    vi.stubGlobal('WebSocket', server.webSocket);
  });
  afterEach(async () => {
    await Promise.all(providers.map((provider) => provider.destroy()));
    vi.unstubAllGlobals();
    await forgetOfflineCopies(owner);
  });

  function open(options: Partial<ScriptoriumProviderOptions> = {}): ScriptoriumProvider {
    const provider = createScriptoriumProvider({
      url,
      name: 'notes',
      token: () => 'token',
      offline: { user },
      ...options,
    });
    providers.push(provider);
    return provider;
  }

  function nextEvent<E extends keyof ProviderEvents>(
    provider: ScriptoriumProvider,
    event: E,
  ): Promise<ProviderEvents[E]> {
    return new Promise((resolve) => {
      provider.on(event, (...args) => {
        resolve(args);
      });
    });
  }

  async function openSynced(options: Partial<ScriptoriumProviderOptions> = {}): Promise<ScriptoriumProvider> {
    const provider = open(options);
    await nextEvent(provider, 'synced');
    return provider;
  }

  const text = (document: Doc): string => document.getText('t').toString();
  const saved = (provider: ScriptoriumProvider) =>
    vi.waitFor(() => expect(provider.status).toEqual({ kind: 'saved', pending: 0 }), 5_000);

  it('[SDK19] a token that is no function is refused with the fix in the text', () => {
    expect(() => open({ token: 'abc' as never })).toThrow(/must be a function.*`token: \(\) =>/);
  });

  it('[SDK20] a document of a second copy of Yjs is refused with the fix in the text', () => {
    const foreign = { clientID: 1, share: new Map(), store: {} };
    expect(() => open({ document: foreign as never })).toThrow(/second copy of Yjs.*npm ls yjs.*dedupe/);
    expect(() => open({ document: {} as never })).toThrow(/must be a Y\.Doc/);
  });

  it('[SDK2] an edit is saved when the server says that it is durable, not before', async () => {
    const provider = await openSynced();
    server.durable = false;
    provider.document.getText('t').insert(0, 'hello');
    await vi.waitFor(() => expect(text(server.document)).toBe('hello'));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(provider.status).toEqual({ kind: 'saving', pending: 1 });
    server.commit();
    await saved(provider);
    expect(await countKeptChanges(owner)).toEqual(new Map());
  });

  it('[SDK29] before something of the server is taken in, its owner is told', async () => {
    server.document.getText('t').insert(0, 'theirs');
    const provider = open();
    const events: string[] = [];
    provider.on('incoming', () => {
      events.push(`told at "${text(provider.document)}"`);
    });
    provider.document.on('update', () => {
      events.push('taken in');
    });
    await nextEvent(provider, 'synced');
    expect(events.slice(0, events.indexOf('taken in') + 1).slice(-2)).toEqual(['told at ""', 'taken in']);
  });

  it('[SDK21] edits of a lost connection are kept, counted, and saved after the return', async () => {
    const provider = await openSynced();
    await saved(provider);
    server.up = false;
    server.cut();
    await vi.waitFor(() => expect(provider.connected).toBe(false));
    for (const character of 'abc') provider.document.getText('t').insert(0, character);
    await vi.waitFor(() => expect(provider.status).toEqual({ kind: 'offline', pending: 3, kept: 3 }));
    server.durable = false;
    server.up = true;
    await vi.waitFor(() => expect(text(server.document)).toBe('cba'), 5_000);
    expect(provider.status.kind).toBe('saving');
    server.commit();
    await saved(provider);
  });

  it('[SDK21] a deletion made offline is not saved before the server has it', async () => {
    server.document.getText('t').insert(0, 'abc');
    const provider = await openSynced();
    await saved(provider);
    server.up = false;
    server.cut();
    await vi.waitFor(() => expect(provider.connected).toBe(false));
    provider.document.getText('t').delete(0, 2);
    server.up = true;
    await saved(provider);
    expect(text(server.document)).toBe('c');
  });

  it('[SDK7] what a closed page left on the device is there offline, and is sent at the next visit', async () => {
    const first = await openSynced();
    await saved(first);
    server.up = false;
    server.cut();
    await vi.waitFor(() => expect(first.connected).toBe(false));
    first.document.getText('t').insert(0, 'kept');
    await vi.waitFor(() => expect(first.status).toMatchObject({ kind: 'offline', kept: 1 }));
    await first.destroy();

    const second = open();
    expect(await nextEvent(second, 'loaded')).toEqual([true]);
    expect(text(second.document)).toBe('kept');
    await vi.waitFor(() => expect(second.status).toEqual({ kind: 'offline', pending: 1, kept: 1 }));
    server.up = true;
    await saved(second);
    expect(text(server.document)).toBe('kept');
  });

  it('[SDK5] a frame that never reached the server is found and brought', async () => {
    const provider = await openSynced();
    await saved(provider);
    server.forgets = true;
    provider.document.getText('t').insert(0, 'x');
    await vi.waitFor(() => expect(server.syncs).toBeGreaterThan(1));
    expect(provider.status).toEqual({ kind: 'saving', pending: 1 });
    server.forgets = false;
    await saved(provider);
    expect(text(server.document)).toBe('x');
  });

  it('[SDK22] another epoch puts an empty document in place of the dead one', async () => {
    server.document.getText('t').insert(0, 'old');
    const provider = await openSynced();
    await saved(provider);
    const before = provider.document;
    server.document = new Doc();
    server.document.getText('t').insert(0, 'new');
    server.epoch = 2;
    // The tombstone keeps what is sent of the old document out.
    server.gate = () => ({ type: 'scriptorium.refused', code: 'tombstoned-content', title: 'Gone.', readOnly: true });
    const replaced = nextEvent(provider, 'replaced');
    server.cut();
    const [replacement] = await replaced;
    expect(replacement).toMatchObject({ reason: 'recreated', previous: before, lost: 0 });
    server.gate = () => null;
    await vi.waitFor(() => expect(text(provider.document)).toBe('new'));
    await saved(provider);
    await provider.destroy();
    server.up = false;
    const later = open();
    await nextEvent(later, 'loaded');
    expect(text(later.document)).toBe('new');
  });

  it('[SIM28] what is refused as content of a deleted document gives way to the document of today', async () => {
    const old = new Doc();
    old.getText('t').insert(0, 'old');
    server.document.getText('t').insert(0, 'new');
    // Nothing here knows of which incarnation the old text is.
    server.gate = (update) =>
      decodeUpdate(update).structs.some(({ id }) => id.client === old.clientID)
        ? { type: 'scriptorium.refused', code: 'tombstoned-content', title: 'Gone.', readOnly: true }
        : null;
    const provider = open({ document: old, offline: { user } });
    const [replacement] = await nextEvent(provider, 'replaced');
    expect(replacement).toMatchObject({ reason: 'recreated', previous: old, lost: 1 });
    await vi.waitFor(() => expect(text(provider.document)).toBe('new'));
    await saved(provider);
    provider.document.getText('t').insert(3, '!');
    await saved(provider);
    expect(text(server.document)).toBe('new!');
  });

  it('[SDK16] a forked clientID gets its text a new id, and the server both texts', async () => {
    server.document.getText('t').insert(0, 'base');
    const provider = await openSynced();
    await saved(provider);
    const { clientID } = provider.document;
    const other = new Doc();
    applyUpdate(other, encodeStateAsUpdate(server.document));
    other.clientID = clientID;
    other.getText('t').insert(0, 'theirs ');
    applyUpdate(server.document, encodeStateAsUpdate(other));
    server.gate = (update) =>
      decodeUpdate(update).structs.some(({ id }) => id.client === clientID && id.clock >= 7)
        ? null
        : forkedMessage(update, clientID);
    const replaced = nextEvent(provider, 'replaced');
    provider.document.getText('t').insert(4, ' ours');
    const replacement: Replacement = (await replaced)[0];
    expect(replacement).toMatchObject({ reason: 'forked', lost: 0 });
    expect(text(provider.document)).toBe('theirs base ours');
    expect(provider.status.kind).not.toBe('saved');
    await saved(provider);
    expect(text(server.document)).toBe('theirs base ours');
  });

  function forkedMessage(update: Uint8Array, client: number) {
    const forked = decodeUpdate(update).structs.some(({ id }) => id.client === client);
    return forked
      ? ({ type: 'scriptorium.refused', code: 'forked', title: 'Forked.', readOnly: false, client } as const)
      : null;
  }

  it('[SDK6] a refusal is shown with its reason', async () => {
    const provider = await openSynced();
    await saved(provider);
    server.gate = () => ({ type: 'scriptorium.refused', code: 'limit-exceeded', title: 'Too large.', readOnly: true });
    provider.document.getText('t').insert(0, 'x');
    await vi.waitFor(() =>
      expect(provider.status).toEqual({
        kind: 'refused',
        pending: 1,
        refusal: { code: 'limit-exceeded', title: 'Too large.' },
      }),
    );
  });

  it('[SDK23] an editor that is too old stops before it has synchronised', async () => {
    const provider = open({ readSchemaVersion: () => Promise.resolve(2) });
    await nextEvent(provider, 'outdated');
    expect(server.syncs).toBe(0);
    expect(server.tokens).toEqual([]);
  });

  it('[SOCK20] it comes back when the server says, and no sooner', async () => {
    const provider = await openSynced();
    const { configuration } = provider.hocuspocus.configuration.websocketProvider;
    server.tell({ type: 'scriptorium.reconnect', code: 'shutting-down', from: 700, to: 800 });
    await vi.waitFor(() => expect(configuration.delay).toBeGreaterThanOrEqual(700));
    expect(configuration.delay).toBeLessThan(800);
    const cutAt = performance.now();
    const back = nextEvent(provider, 'synced');
    server.cut();
    await back;
    expect(performance.now() - cutAt).toBeGreaterThan(690);
    // What comes next has its own pace again.
    expect(configuration.delay).toBeLessThanOrEqual(1_250);
  });

  it('[SDK24] an expired token is asked for anew; a final refusal ends the connection', async () => {
    let asked = 0;
    server.deny = 'token-expired';
    const provider = open({ token: () => `token-${(asked += 1)}` });
    await nextEvent(provider, 'synced');
    expect(server.tokens).toEqual(['token-1', 'token-2']);
    server.deny = 'document-deleted';
    const denied = nextEvent(provider, 'denied');
    server.cut();
    expect(await denied).toEqual(['document-deleted']);
  });
});
