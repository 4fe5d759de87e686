import type { ProxyTrust } from './access/client-address.ts';
import type { TenantQuotas } from './access/tenant-quotas.ts';
import type { Ground } from './compose-ground.ts';
import type { createIdentity } from './compose-identity.ts';
import type { createLive } from './compose-live.ts';
import type { Stores } from './compose-stores.ts';
import { createGateway, type Gateway } from './gateway/create-gateway.ts';
import { createOwnerBudgets } from './gateway/owner-budgets.ts';
import { createRateLimitedLog } from './observability/rate-limited-log.ts';

/** Milliseconds between two log lines about the same thing that a client can cause at will. */
const WARNING_INTERVAL = 10_000;

/** What the sockets stand on. */
export interface GatewayGround {
  readonly ground: Ground;
  readonly stores: Stores;
  readonly identity: Pick<Awaited<ReturnType<typeof createIdentity>>, 'verifier' | 'access'>;
  readonly live: Pick<ReturnType<typeof createLive>, 'rooms'>;
  readonly quotas: TenantQuotas;
  readonly proxies: ProxyTrust;
}

/** The sockets of one node. */
export function createNodeGateway({ ground, stores, identity, live, quotas, proxies }: GatewayGround): Gateway {
  const { config, clock, telemetry } = ground;
  return createGateway({
    ...ground,
    ...stores,
    ...identity,
    rooms: live.rooms,
    warnings: createRateLimitedLog({ log: telemetry.log, clock, intervalMs: WARNING_INTERVAL }),
    quotas,
    owners: createOwnerBudgets({ ...ground, windows: stores.rateWindows, rates: config.limits.owners }),
    proxies,
    presencePolicy: config.presence.policy,
  });
}
