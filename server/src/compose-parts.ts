import { createProxyTrust } from './access/client-address.ts';
import { createTenantQuotas } from './access/tenant-quotas.ts';
import { TenantStorage } from './access/tenant-storage.ts';
import { createAudit } from './compose-audit.ts';
import { createContent } from './compose-content.ts';
import { createEvents } from './compose-events.ts';
import type { Ground } from './compose-ground.ts';
import { createForgetting } from './compose-forgetting.ts';
import { createIdentity } from './compose-identity.ts';
import { createLive } from './compose-live.ts';
import { createPast } from './compose-past.ts';
import { createSearch, listenToCommits, type Search } from './compose-search.ts';
import { openStores } from './compose-stores.ts';
import type { DocumentId } from './ports/update-log.ts';
import { drainTogether, type Service } from './service.ts';

/** Everything that stands behind the sockets and the REST API of one node. */
export async function createParts(ground: Ground) {
  const { config } = ground;
  const { stores: opened, onCommit } = listenToCommits(await openStores(ground));
  const quotas = createTenantQuotas({ ...ground, usage: opened.usage, limits: config.limits.tenant });
  const stores = { ...opened, catalog: quotas.limit(opened.catalog) };
  const storage = new TenantStorage({ ...ground, usage: opened.usage });
  const eraseFromSearch = async (documentIds: readonly DocumentId[]): Promise<void> => {
    await search?.erase(documentIds);
  };
  const forgetRenderings = (documentId: DocumentId): Promise<number> => content.api.reader.forget(documentId);
  const events = createEvents(ground, stores, { eraseFromSearch, forgetRenderings });
  const live = createLive(ground, stores, {
    announcer: events.announcer,
    eraseFromSearch,
    isTenantFull: (tenant) => quotas.isFull(tenant),
  });
  const announceChange = (documentId: DocumentId, rows: number): void => {
    if (rows > 0) events.announcer.noteChange(documentId);
  };
  // Each change is announced by the node that stored it.
  onCommit({ own: announceChange, relayed: () => undefined });
  const audit = createAudit(ground, stores);
  const identity = await createIdentity(ground, stores);
  const { documents } = live;
  const search: Search | null = await createSearch({ ground, stores, documents, onCommit });
  const past = createPast(ground, stores);
  const personEraser = createForgetting(ground, stores, { ...live, eraser: events.eraser, search });
  const content = await createContent(ground, stores, { ...live, access: identity.access, personEraser });
  const proxies = createProxyTrust(config.trustedProxies);
  const services = inOrder({ stores, identity, past, content, live, events, search, audit, storage });
  return {
    stores,
    quotas,
    events,
    live,
    audit,
    identity,
    documents,
    search,
    past,
    content,
    proxies,
    storage,
    services,
  };
}

export type Parts = Awaited<ReturnType<typeof createParts>>;

/** What is pending is committed, rooms are let go of, then what follows the log ends, and the stores are closed. */
function inOrder(parts: {
  readonly stores: { readonly rateWindows: { close(): void }; readonly service: Service };
  readonly identity: { readonly watch: Service };
  readonly past: { readonly service: Service };
  readonly content: { readonly service: Service };
  readonly live: { readonly services: readonly Service[] };
  readonly events: { readonly services: readonly Service[] };
  readonly search: Search | null;
  readonly audit: { readonly services: readonly Service[] };
  readonly storage: Service;
}): readonly Service[] {
  const { stores, identity, past, content, live, events, search, audit, storage } = parts;
  const limits: Service = {
    name: 'limits',
    drain: async () => {
      stores.rateWindows.close();
    },
  };
  return [
    identity.watch,
    drainTogether('content', [past.service, content.service]),
    ...live.services,
    ...events.services,
    ...(search?.services ?? []),
    ...audit.services,
    drainTogether('limits', [limits, storage]),
    stores.service,
  ];
}
