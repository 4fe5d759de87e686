import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpWebhookTransport } from './webhook-transport.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function listen(listener: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

function createTransport(allowedNetworks: readonly string[] = ['127.0.0.0/8'], timeoutMs = 10_000) {
  const transport = createHttpWebhookTransport({ allowedNetworks, timeoutMs });
  ends.push(() => transport.close());
  return transport;
}

const post = (url: string, webhookId = 'wh') => ({
  webhookId,
  url,
  headers: { 'webhook-id': 'evt_1_1' },
  body: '{"a":1}',
});

describe('webhooks over HTTP', () => {
  it('[HOOK10] headers and body arrive as they are', async () => {
    const { url } = await listen((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        response.writeHead(body === '{"a":1}' && request.headers['webhook-id'] === 'evt_1_1' ? 202 : 400).end();
      });
    });
    expect(await createTransport().send(post(url))).toEqual({ kind: 'answered', status: 202, retryAfterMs: null });
  });

  it('[HOOK11] an address that is not allowed is not connected to, by number or by name', async () => {
    let connections = 0;
    const { url, server } = await listen((_request, response) => void response.end());
    server.on('connection', () => (connections += 1));
    const transport = createTransport(['10.0.0.0/8']);
    const port = new URL(url).port;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']) {
      expect(await transport.send(post(`http://${host}:${port}/`))).toEqual({
        kind: 'failed',
        reason: 'refused-address',
      });
    }
    expect(connections).toBe(0);
  });

  it('[HOOK12] a redirect is an answer like any other', async () => {
    const { url } = await listen((request, response) => {
      if (request.url === '/secret') throw new Error('it was followed');
      response.writeHead(302, { location: '/secret' }).end();
    });
    expect(await createTransport().send(post(url))).toMatchObject({ kind: 'answered', status: 302 });
  });

  it('[HOOK12] an attempt ends in time when nothing is answered, and when an answer dribbles', async () => {
    const { url } = await listen((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200);
      const timer = setInterval(() => void response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const transport = createTransport(undefined, 300);
    expect(await transport.send(post(`${url}/silent`))).toEqual({ kind: 'failed', reason: 'timeout' });
    // The head was there; whether the body ends changes nothing about it.
    expect(await transport.send(post(`${url}/dribble`))).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('[HOOK9] the receiver can say when to come back', async () => {
    const { url } = await listen((_request, response) => void response.writeHead(429, { 'retry-after': '7' }).end());
    expect(await createTransport().send(post(url))).toEqual({ kind: 'answered', status: 429, retryAfterMs: 7_000 });
  });

  it('[HOOK13] a webhook that fails is spared, others are not, and 4xx is no failure of the receiver', async () => {
    let asked = 0;
    const { url } = await listen((request, response) => {
      asked += 1;
      response.writeHead(request.url === '/fails' ? 500 : 404).end();
    });
    const transport = createTransport();
    for (let attempt = 0; attempt < 30; attempt += 1) await transport.send(post(url, 'wrong'));
    expect(asked).toBe(30);
    for (let attempt = 0; attempt < 10; attempt += 1) await transport.send(post(`${url}/fails`, 'down'));
    asked = 0;
    expect(await transport.send(post(`${url}/fails`, 'down'))).toEqual({ kind: 'spared', milliseconds: 30_000 });
    expect(asked).toBe(0);
    expect(await transport.send(post(`${url}/fails`, 'other'))).toMatchObject({ kind: 'answered', status: 500 });
  });

  it('[HOOK9] a connection that is refused is a failure', async () => {
    const { url, server } = await listen(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    expect(await createTransport().send(post(url))).toEqual({ kind: 'failed', reason: 'unreachable' });
  });
});
