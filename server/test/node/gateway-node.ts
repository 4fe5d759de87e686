import { once } from 'node:events';
import { createServer } from 'node:http';
import { createProxyTrust } from '../../src/access/client-address.ts';
import { createJwtVerifier } from '../../src/adapters/jwt/jwt-verifier.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { parseTokenClaims } from '../../src/core/token-claims.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { createRateLimitedLog } from '../../src/observability/rate-limited-log.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { openDocumentNode, type NodeOptions } from '../documents/document-node.ts';
import { createStandingParts } from '../support/standing-parts.ts';
import { SECRET } from './test-node.ts';

const LIMITS = {
  messageBytes: 16 * 1024 * 1024,
  updatesPerSecond: 100_000,
  updatesBurst: 100_000,
  bytesPerSecond: 1e9,
  bytesBurst: 1e9,
  loginBytes: 16 * 1024,
  loginTime: 10_000,
  outputBytes: 64 * 1024 * 1024,
  nodeOutputBytes: 64 * 1024 * 1024,
  fragments: 64,
  failuresPerAddress: 100,
  sessionsPerDocument: 1,
  connectionsPerTenant: Infinity,
  connectionsPerAddress: 1_000,
  documentsPerConnection: 50,
};

/** The real gateway over live documents on real stores, without REST; a test may stand between it and them. */
export async function startGatewayNode(
  directory: string,
  options: NodeOptions & {
    /** Of the gateway alone; the system's without it. */
    readonly clock?: Clock;
  } = {},
) {
  const systemClock = createSystemClock();
  const { clock = systemClock, ...others } = options;
  const documents = await openDocumentNode(directory, others);
  const { telemetry, catalog, rooms } = documents;
  const secret = new TextEncoder().encode(SECRET);
  const gateway = createGateway({
    clock,
    telemetry,
    catalog,
    rooms,
    journal: { note: () => undefined },
    access: createStandingParts(documents.database, systemClock, telemetry).access,
    verifier: createJwtVerifier({
      secret,
      issuer: null,
      audience: null,
      clock: systemClock,
      parseClaims: parseTokenClaims,
    }),
    warnings: createRateLimitedLog({ log: telemetry.log, clock, intervalMs: 10_000 }),
    proxies: createProxyTrust([]),
    quotas: { isFull: () => false },
    owners: { spend: () => undefined, join: () => undefined, leave: () => undefined },
    presencePolicy: { seeRole: 'viewer', showRole: 'viewer' },
    config: { allowedOrigins: [], limits: LIMITS },
  });
  const server = createServer();
  gateway.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    ...documents,
    gateway,
    url: `ws://127.0.0.1:${port}`,
    close: async () => {
      await gateway.drain(1_000);
      server.close();
      server.closeAllConnections();
      await documents.close();
    },
  };
}
