import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { createFakeClock } from '../support/fake-clock.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { startGatewayNode } from './gateway-node.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

let directory: TemporaryDirectory;
let token: string;

beforeEach(async () => {
  directory = createTemporaryDirectory('going-away');
  token = await signToken({ sub: 'ada' });
});

afterEach(() => {
  directory.remove();
});

async function statusOfUpgrade(url: string): Promise<number> {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
  return response.statusCode ?? 0;
}

/** A gateway whose time stands still, and clients that are in. */
async function startWithClients(count: number) {
  const clock = createFakeClock();
  const node = await startGatewayNode(directory.path, { clock });
  const clients = await Promise.all(Array.from({ length: count }, () => connectByHand(node.url)));
  for (const client of clients) await client.enter('doc', token);
  const open = () => clients.filter((client) => client.socket.readyState === WebSocket.OPEN).length;
  return { clock, node, clients, open };
}

describe('a gateway that goes away', () => {
  it('[OPS41] it is gone when its sockets are, and tells our own clients when to come back', async () => {
    const { node, clients } = await startWithClients(3);
    // No time passes, so it cannot have waited for any.
    await node.gateway.drain(9_000);
    for (const client of clients) {
      expect(await client.closed).toBe(CLOSE_CODES.goingAway);
      const hint = await client.until('stateless');
      expect(JSON.parse(hint.text)).toMatchObject({ type: 'scriptorium.reconnect', code: 'shutting-down' });
    }
    await node.close();
  });

  it('[SOCK64] many sockets are closed over a while, and nobody new is let in meanwhile', async () => {
    const { clock, node, clients, open } = await startWithClients(60);
    const drained = node.gateway.drain(9_000);
    await sleep(100);
    expect(open()).toBe(60);
    expect(await statusOfUpgrade(node.url)).toBe(503);
    clients[0]?.login('another', token);
    expect(await clients[0]?.closed).toBe(CLOSE_CODES.goingAway);
    clock.advance(10);
    await vi.waitFor(() => expect(open()).toBeLessThan(55), { timeout: 10_000 });
    await sleep(100);
    expect(open()).toBeGreaterThan(5);
    clock.advance(10);
    await drained;
    expect(open()).toBe(0);
    await node.close();
  });

  it('[OPS41] a peer that does not answer is cut', async () => {
    const { clock, node, clients } = await startWithClients(2);
    const [silent] = clients;
    silent?.socket.pause();
    const drained = node.gateway.drain(9_000);
    await sleep(100);
    clock.advance(1_000);
    await drained;
    silent?.socket.resume();
    expect([CLOSE_CODES.goingAway, 1006]).toContain(await silent?.closed);
    await node.close();
  });
});

describe('a node that goes away', () => {
  const typing = (text: string): Uint8Array => {
    const doc = new Y.Doc();
    doc.getText('t').insert(0, text);
    return Y.encodeStateAsUpdate(doc);
  };

  it('[OPS63] readiness falls first; until the pause is over everything else goes on', async () => {
    const node = await startTestNode(directory.path, { SHUTDOWN_PAUSE_SECONDS: '6' });
    const client = await connectByHand(node.url);
    await client.enter('doc', token);
    const stopped = node.stop();
    const answer = await fetch(`http://127.0.0.1:${node.port}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ reason: 'the server is going away' });
    client.update('doc', typing('still written'));
    expect((await client.until('status')).saved).toBe(true);
    const late = await connectByHand(node.url);
    await late.enter('doc', token);
    expect(await stopped).toEqual([]);
    expect([await client.closed, await late.closed]).toEqual([CLOSE_CODES.goingAway, CLOSE_CODES.goingAway]);
  });

  it('[OPS64] a client that never ends its request does not hold up the stop', async () => {
    const node = await startTestNode(directory.path);
    const dribbler = connect(node.port, '127.0.0.1');
    dribbler.on('error', () => undefined);
    dribbler.write('POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{');
    const silent = connect(node.port, '127.0.0.1');
    await Promise.all([once(dribbler, 'connect'), once(silent, 'connect')]);
    await sleep(50);
    expect(await node.stop()).toEqual([]);
    for (const socket of [dribbler, silent]) socket.destroy();
  });

  it('[OPS64] a socket that takes nothing does not hold up the stop', async () => {
    const node = await startTestNode(directory.path);
    const [writer, idle] = [await connectByHand(node.url), await connectByHand(node.url)];
    for (const client of [writer, idle]) await client.enter('doc', token);
    idle.socket.pause();
    for (let count = 0; count < 10; count += 1) writer.update('doc', typing('x'.repeat(1_000_000)));
    await writer.until('status', 10);
    expect(await node.stop()).toEqual([]);
    idle.socket.terminate();
  });
});
