import type {
  DeliveryListView,
  ReplayedView,
  ReplayInput,
  WebhookChangeInput,
  WebhookInput,
  WebhookListView,
  WebhookSecretView,
  WebhookView,
} from '@scriptorium/shared/webhook-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { WEBHOOK_OPERATIONS } from './rest-operations.ts';
import { toHeaders, type WriteOptions } from './write-options.ts';

/** Only what makes a call happen once. */
type Once = Pick<WriteOptions, 'idempotencyKey'>;

/** A webhook with the entity tag of its settings, to be sent back as `ifMatch`. */
type Tagged<T> = T & { readonly etag: string };

/** Manages the webhooks of a tenant. Calls reject with a `RestError`. */
export interface WebhookClient {
  listWebhooks(page?: { readonly cursor?: string; readonly limit?: number }): Promise<WebhookListView>;
  /** The secret is told here and never again. */
  createWebhook(webhook: WebhookInput, options?: Once): Promise<Tagged<WebhookSecretView>>;
  readWebhook(id: string): Promise<Tagged<WebhookView>>;
  changeWebhook(id: string, change: WebhookChangeInput, options?: WriteOptions): Promise<Tagged<WebhookView>>;
  rotateWebhookSecret(
    id: string,
    rotation?: { readonly overlapSeconds?: number },
    options?: Once,
  ): Promise<WebhookSecretView>;
  deleteWebhook(id: string, options?: Once): Promise<void>;
  /** What was owed to a webhook lately, and what became of it. */
  listDeliveries(
    id: string,
    page?: {
      readonly state?: DeliveryListView['deliveries'][number]['state'];
      readonly cursor?: string;
      readonly limit?: number;
    },
  ): Promise<DeliveryListView>;
  /** Sends again what was given up, or all. */
  replayDeliveries(id: string, order?: ReplayInput, options?: Once): Promise<ReplayedView>;
}

/** Talks to one server on behalf of a program. */
export function createWebhookClient(options: RestClientOptions): WebhookClient {
  const call = createCallRest(WEBHOOK_OPERATIONS, options);
  const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
  const tagged = async <T>(response: Promise<Response>): Promise<Tagged<T>> => {
    const answer = await response;
    return { ...((await answer.json()) as T), etag: answer.headers.get('etag') ?? '' };
  };
  return {
    listWebhooks: (page = {}) => json(call('listWebhooks', { query: page })),
    createWebhook: (body, demands) => tagged(call('createWebhook', { body, headers: toHeaders(demands) })),
    readWebhook: (id) => tagged(call('readWebhook', { parameters: { id } })),
    changeWebhook: (id, body, demands) =>
      tagged(call('changeWebhook', { parameters: { id }, body, headers: toHeaders(demands) })),
    rotateWebhookSecret: (id, body = {}, demands) =>
      json(call('rotateWebhookSecret', { parameters: { id }, body, headers: toHeaders(demands) })),
    deleteWebhook: async (id, demands) => {
      await call('deleteWebhook', { parameters: { id }, headers: toHeaders(demands) });
    },
    listDeliveries: (id, page = {}) => json(call('listDeliveries', { parameters: { id }, query: page })),
    replayDeliveries: (id, body = {}, demands) =>
      json(call('replayDeliveries', { parameters: { id }, body, headers: toHeaders(demands) })),
  };
}
