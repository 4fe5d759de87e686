import type { DeliveryQueue } from '../../ports/delivery-queue.ts';
import type { ErasedPeople } from '../../ports/erased-people.ts';
import type { ErasureStore } from '../../ports/erasure-store.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { PersonErasureStore } from '../../ports/person-erasure.ts';
import type { PersonRecordStore } from '../../ports/person-records.ts';
import type { WebhookStore } from '../../ports/webhook-store.ts';
import { createDeliveryQueue } from './delivery-queue.ts';
import { createErasedPeople } from './erased-people.ts';
import { createErasureStore } from './erasure-store.ts';
import { createOutbox } from './outbox.ts';
import { createPersonErasureStore } from './person-erasure.ts';
import { createPersonRecordStore } from './person-records.ts';
import type { TenantStoreDeps } from './tenant-reads.ts';
import { createWebhookStore } from './webhook-store.ts';

/** What is told of documents, to whom, what was erased of them, and what is kept about people. */
export interface StoredEvents {
  readonly outbox: Outbox;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryQueue;
  readonly erasures: ErasureStore;
  readonly people: PersonRecordStore;
  readonly erasedPeople: ErasedPeople;
  readonly personErasures: PersonErasureStore;
}

/** Makes all of them over one database. */
export function createStoredEvents(deps: TenantStoreDeps): StoredEvents {
  return {
    outbox: createOutbox(deps),
    webhooks: createWebhookStore(deps),
    deliveries: createDeliveryQueue(deps),
    erasures: createErasureStore(deps),
    people: createPersonRecordStore(deps),
    erasedPeople: createErasedPeople(deps),
    personErasures: createPersonErasureStore(deps),
  };
}
