import { fileURLToPath } from 'node:url';
import { acceptsConnections, findPort, startProcess, waitForService } from '../../../server/test/services/process.ts';

/** The haproxy of docker-compose.yml, in front of the nodes of a test. */
export interface Balancer {
  readonly port: number;
  dispose(): Promise<void>;
}

const CONFIG = fileURLToPath(new URL('../../../deploy/haproxy/haproxy.cfg', import.meta.url));

/** Starts it before up to three nodes; a place that no node takes stays down. */
export async function startBalancer(nodePorts: readonly number[]): Promise<Balancer> {
  const port = await findPort();
  const places = [0, 1, 2].map((index) => [`NODE_${index + 1}`, `127.0.0.1:${nodePorts[index] ?? 9}`] as const);
  const haproxy = startProcess({
    command: '/usr/sbin/haproxy',
    args: ['-db', '-f', CONFIG],
    env: { LISTEN: `127.0.0.1:${port}`, ...Object.fromEntries(places) },
  });
  await waitForService(haproxy, { name: 'haproxy', check: () => acceptsConnections(port) });
  return { port, dispose: () => haproxy.stop('SIGKILL') };
}
