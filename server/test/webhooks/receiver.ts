import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a receiver took. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Somebody else's server that takes webhooks and checks them as Standard Webhooks says, with code of its own. `answer`
 * decides the status; what is answered with 2xx counts as received, in the order of arrival.
 */
export async function startReceiver(answer: (received: Received) => number = () => 200) {
  const received: Received[] = [];
  const forged: string[] = [];
  let secret = '';
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const id = String(request.headers['webhook-id']);
      const timestamp = String(request.headers['webhook-timestamp']);
      const age = Math.abs(Date.now() / 1_000 - Number(timestamp));
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      const signatures = String(request.headers['webhook-signature']).split(' ');
      if (!signatures.includes(`v1,${expected}`) || age > 300) {
        forged.push(id);
        response.writeHead(401).end();
        return;
      }
      const { type, data } = JSON.parse(body) as Omit<Received, 'id'>;
      const status = answer({ id, type, data });
      if (status < 300) received.push({ id, type, data });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    /** Identities of messages whose signature or time was wrong. */
    forged,
    setSecret: (text: string): void => {
      secret = text;
    },
    close: (): void => {
      server.closeAllConnections();
      server.close();
    },
  };
}
