import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { expect, test } from 'vitest';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createProxyTrust } from '../access/client-address.ts';
import { limitHttpConnections } from './http-connections.ts';

test('[OPS100] an address has so many connections of any kind, trusted hops and this machine as many as they need', () => {
  const server = new EventEmitter();
  const deps = { perAddress: 2, proxies: createProxyTrust(['10.0.0.7']), metrics: createSilentTelemetry().metrics };
  limitHttpConnections(server as unknown as Server, deps);
  const connect = (remoteAddress: string) => {
    const socket = Object.assign(new EventEmitter(), { remoteAddress, cut: false, destroy: () => (socket.cut = true) });
    server.emit('connection', socket);
    return socket;
  };
  const open = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2'].map(connect);
  expect(open.map(({ cut }) => cut)).toEqual([false, false, true, false]);
  open[0]?.emit('close');
  expect(connect('192.0.2.1').cut).toBe(false);
  for (const address of ['10.0.0.7', '127.0.0.1', '::1']) {
    expect([1, 2, 3, 4].map(() => connect(address).cut)).toEqual([false, false, false, false]);
  }
});
