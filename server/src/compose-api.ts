import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { HealthProbe } from './api/api-deps.ts';
import { createApi } from './api/create-api.ts';
import type { Ground } from './compose-ground.ts';
import type { Parts } from './compose-parts.ts';
import type { createMetrics } from './observability/metrics.ts';

/** How far a node is in its life. */
export interface NodeState {
  started: boolean;
  draining: boolean;
}

/** The REST API of one node, and the files of the browser app. */
export function createNodeApi(
  ground: Ground,
  parts: Parts,
  {
    version,
    state,
    metrics,
  }: { readonly version: string; readonly state: NodeState; readonly metrics: ReturnType<typeof createMetrics> },
): Promise<FastifyInstance> {
  const { stores, identity, live, events, audit, search, past, content, proxies, storage } = parts;
  return createApi({
    ...ground,
    ...stores,
    ...events,
    ...past,
    ...content.api,
    ...identity,
    proxies,
    version,
    presence: live.presence,
    presencePolicy: ground.config.presence.policy,
    journal: audit.journal,
    search: search === null ? null : { ...search.parts, freshen: () => identity.watch.look() },
    appDirectory: findApp(),
    health: createHealthProbe(state, async () =>
      live.writer.healthy ? stores.findTrouble() : 'the store does not answer',
    ),
    metricsPage: (shown) => {
      if (shown.tenants) storage.look(metrics.namedTenants());
      return metrics.page(shown);
    },
  });
}

function createHealthProbe(state: Readonly<NodeState>, findTrouble: () => Promise<string | null>): HealthProbe {
  return {
    started: () => state.started,
    readiness: async () => {
      const reason = state.draining ? 'the server is going away' : await findTrouble();
      return reason === null ? { kind: 'ready' } : { kind: 'unavailable', reason };
    },
  };
}

/** The built browser app, beside the server in the tree; `null` where it was not built. */
function findApp(): string | null {
  const directory = join(import.meta.dirname, '../../client/dist');
  return existsSync(join(directory, 'index.html')) ? directory : null;
}
