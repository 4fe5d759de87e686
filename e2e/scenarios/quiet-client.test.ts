import { setTimeout as sleep } from 'node:timers/promises';
import { HocuspocusProvider } from '@hocuspocus/provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openHocuspocus, openHocuspocusSocket } from '../support/hocuspocus-client.ts';
import { connectRaw, joinRaw } from '../support/raw-client.ts';
import { recordResult } from '../support/results.ts';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openYWebsocket } from '../support/y-websocket-client.ts';

const SILENCE_LIMIT_MS = 15_000;
/** What a busy machine may add; a provider gives up at twice the limit. The exact time is the housekeeping's own test. */
const TOLERANCE_MS = 5_000;
const QUIET_MS = pickSize({ share: 40_000, full: 600_000 });

describe.concurrent(`clients that say nothing for ${QUIET_MS / 1000} s`, { timeout: QUIET_MS + 60_000 }, () => {
  let site: ServerSite;
  let token: string;
  beforeAll(async () => {
    site = await createServerSite();
    await site.start();
    token = await mintToken({ sub: 'quiet' });
  });
  afterAll(() => site.dispose());

  it('[SOCK57] a lone raw Hocuspocus session hears a protocol frame at least every 15 s', async () => {
    const client = await connectRaw(site.collabUrl);
    await joinRaw(client, 'quiet-raw', token);
    const longest = await longestSilence(client.socket);
    await recordResult('quiet Hocuspocus session', { 'longest silence ms': longest.toFixed(0) });
    expect(longest).toBeLessThanOrEqual(SILENCE_LIMIT_MS + TOLERANCE_MS);
    expect(client.end).toBeNull();
  });

  it('[SOCK58] a lone raw y-websocket session hears a protocol frame at least every 15 s', async () => {
    const socket = new WebSocket(`${site.yUrl}/quiet-raw-y?token=${token}`);
    await waitUntil(() => socket.readyState === WebSocket.OPEN, { what: 'the socket opens' });
    const longest = await longestSilence(socket);
    await recordResult('quiet y-websocket session', { 'longest silence ms': longest.toFixed(0) });
    expect(longest).toBeLessThanOrEqual(SILENCE_LIMIT_MS + TOLERANCE_MS);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  it('[SOCK59] @hocuspocus/provider stays connected without a reconnect', async () => {
    const client = openHocuspocus({ url: site.collabUrl, document: 'quiet-stock', token });
    await client.ready();
    let disconnects = 0;
    client.socket.on('disconnect', () => (disconnects += 1));
    await sleep(QUIET_MS);
    expect(disconnects).toBe(0);
    client.destroy();
  });

  it('[SOCK60] @hocuspocus/provider without awareness stays connected too', async () => {
    const socket = openHocuspocusSocket(site.collabUrl);
    const provider = new HocuspocusProvider({
      name: 'quiet-unaware',
      token: () => token,
      awareness: null,
      websocketProvider: socket,
    });
    provider.attach();
    await waitUntil(() => provider.isSynced, { what: 'synced' });
    let disconnects = 0;
    socket.on('disconnect', () => (disconnects += 1));
    await sleep(QUIET_MS);
    expect(disconnects).toBe(0);
    provider.destroy();
    socket.destroy();
  });

  it('[SOCK61] y-websocket stays connected without a reconnect', async () => {
    const client = openYWebsocket({ url: site.yUrl, document: 'quiet-y', token });
    await client.ready();
    let closes = 0;
    client.provider.on('connection-close', () => (closes += 1));
    await sleep(QUIET_MS);
    expect(closes).toBe(0);
    client.destroy();
  });
});

/** Longest time between two messages, the end of the watch included. Pings are no messages. */
async function longestSilence(socket: WebSocket): Promise<number> {
  let last = performance.now();
  let longest = 0;
  function hear(): void {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  socket.on('message', hear);
  await sleep(QUIET_MS);
  socket.off('message', hear);
  return Math.max(longest, performance.now() - last);
}
