import type { Ground } from './compose-ground.ts';
import type { Parts } from './compose-parts.ts';
import { createGateway, type Gateway } from './gateway/create-gateway.ts';
import { createOwnerBudgets } from './gateway/owner-budgets.ts';
import { createRateLimitedLog } from './observability/rate-limited-log.ts';

/** Milliseconds between two log lines about the same thing that a client can cause at will. */
const WARNING_INTERVAL = 10_000;

/** The sockets of one node. */
export function createNodeGateway(ground: Ground, parts: Parts): Gateway {
  const { config, clock, telemetry } = ground;
  const { stores, identity, live, events, audit, quotas, proxies } = parts;
  return createGateway({
    ...ground,
    ...stores,
    ...events,
    ...identity,
    journal: audit.journal,
    rooms: live.rooms,
    warnings: createRateLimitedLog({ log: telemetry.log, clock, intervalMs: WARNING_INTERVAL }),
    quotas,
    owners: createOwnerBudgets({ ...ground, windows: stores.rateWindows, rates: config.limits.owners }),
    proxies,
    presencePolicy: config.presence.policy,
  });
}
