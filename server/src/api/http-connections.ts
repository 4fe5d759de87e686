import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ProxyTrust } from '../access/client-address.ts';
import { networkOf } from '../access/client-address.ts';
import { createConnectionLimit, isLoopback } from '../core/connection-limit.ts';
import type { Metrics } from '../ports/telemetry.ts';

/**
 * Cuts connections of an address beyond so many, before a byte of them is read: half-open requests cost memory until
 * their time is over. Trusted hops and this machine speak for many, and are exempt.
 */
export function limitHttpConnections(
  server: Pick<Server, 'on'>,
  deps: { readonly perAddress: number; readonly proxies: ProxyTrust; readonly metrics: Metrics },
): void {
  const { perAddress, proxies, metrics } = deps;
  const limit = createConnectionLimit(perAddress, (address) => isLoopback(address));
  server.on('connection', (socket: Socket) => {
    const peer = socket.remoteAddress ?? '';
    if (proxies.trusts(peer)) return;
    const address = networkOf(peer);
    if (!limit.take(address)) {
      metrics.count('connections_refused_total');
      socket.destroy();
      return;
    }
    socket.once('close', () => {
      limit.give(address);
    });
  });
}
