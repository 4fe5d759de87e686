import type { z } from 'zod';
import type { deliverySchema, WebhookView } from '@scriptorium/shared/webhook-schemas';
import type { DeliveryRecord } from '../ports/delivery-queue.ts';
import type { Webhook } from '../ports/webhook-store.ts';
import { messageId } from '../workers/webhook-message.ts';
import { toTime } from './grant-views.ts';

/** A webhook as REST shows it. */
export function toWebhookView(webhook: Webhook): WebhookView {
  const { id, url, label, paused, createdBy } = webhook;
  return {
    id,
    url,
    label,
    events: [...webhook.events],
    documents: [...webhook.documents],
    paused,
    failingSince: toTime(webhook.failingSince),
    deliveredAt: toTime(webhook.deliveredAt),
    previousEndsAt: toTime(webhook.previousEndsAt),
    createdAt: new Date(webhook.createdAt).toISOString(),
    createdBy,
  };
}

/** A delivery as REST shows it. */
export function toDeliveryView(delivery: DeliveryRecord): z.infer<typeof deliverySchema> {
  const { number, type, state, attempts, status, failure, milliseconds } = delivery;
  return {
    id: messageId(delivery),
    document: delivery.name,
    number,
    type,
    state,
    queuedAt: new Date(delivery.queuedAt).toISOString(),
    attempts,
    lastAt: toTime(delivery.lastAt),
    status,
    failure,
    milliseconds,
  };
}
