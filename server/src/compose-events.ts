import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { createVisits } from './gateway/visits.ts';
import type { DocumentId } from './ports/update-log.ts';
import type { WebhookTransport } from './ports/webhook-transport.ts';
import { createChangeAnnouncer } from './workers/change-announcer.ts';
import { createDocumentEraser, type ErasureStep } from './workers/document-eraser.ts';
import { createEventFeed } from './workers/event-feed.ts';
import { createWebhookDeliverer } from './workers/webhook-deliverer.ts';

/** Others who keep a part of what documents hold. */
interface Forgetters {
  readonly eraseFromSearch: (documentIds: readonly DocumentId[]) => Promise<void>;
  readonly forgetRenderings: (documentId: DocumentId) => Promise<number>;
}

/** What tells of documents: to the outbox what changed, and from it to webhooks. */
export function createEvents(
  { config, clock, telemetry, node }: Ground,
  stores: Stores,
  { eraseFromSearch, forgetRenderings }: Forgetters,
) {
  const { allowedNetworks, quietMs, keepMs } = config.events;
  const transport = createTransport(allowedNetworks);
  const deliverer = createWebhookDeliverer({ queue: stores.deliveries, transport, clock, telemetry, node });
  const announcer = createChangeAnnouncer({
    outbox: stores.outbox,
    clock,
    telemetry,
    quietMs,
    keepMs,
    onEvents: () => {
      deliverer.wake();
    },
  });
  const eventFeed = createEventFeed({ outbox: stores.outbox, announcer, clock, telemetry });
  const searchEntries: ErasureStep = {
    kind: 'searchEntries',
    erase: async (documentId) => {
      await eraseFromSearch([documentId]);
      return 1;
    },
  };
  const renderings: ErasureStep = { kind: 'renderings', erase: forgetRenderings };
  const eraser = createDocumentEraser({ ...stores, steps: [searchEntries, renderings], clock, telemetry });
  const visits = createVisits({
    clock,
    tell: (event) => {
      announcer.notePresence(event);
    },
  });
  return { announcer, eventFeed, eraser, visits, services: [announcer, deliverer, eraser] };
}

/** The HTTP client is large, and most nodes never send anything: it is loaded for the first event. */
function createTransport(allowedNetworks: readonly string[]): WebhookTransport {
  let opened: Promise<WebhookTransport> | null = null;
  const open = async (): Promise<WebhookTransport> => {
    const { createHttpWebhookTransport } = await import('./adapters/http/webhook-transport.ts');
    return createHttpWebhookTransport({ allowedNetworks });
  };
  return {
    send: async (request) => {
      opened ??= open();
      return (await opened).send(request);
    },
    close: async () => {
      if (opened !== null) await (await opened).close();
    },
  };
}
