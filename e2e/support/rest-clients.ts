import { createAccessClient } from '../../client/src/sdk/rest-access.ts';
import type { RestClientOptions } from '../../client/src/sdk/rest-call.ts';
import { createRestClient } from '../../client/src/sdk/rest-client.ts';
import { createContentClient } from '../../client/src/sdk/rest-content.ts';
import { createEventClient } from '../../client/src/sdk/rest-events.ts';
import { createFileClient } from '../../client/src/sdk/rest-files.ts';
import { createHistoryClient } from '../../client/src/sdk/rest-history.ts';
import { ACCESS_OPERATIONS } from '../../client/src/sdk/rest-operations-access.ts';
import { EVENT_OPERATIONS } from '../../client/src/sdk/rest-operations-events.ts';
import { FILE_OPERATIONS } from '../../client/src/sdk/rest-operations-files.ts';
import { HISTORY_OPERATIONS } from '../../client/src/sdk/rest-operations-history.ts';
import { TENANT_OPERATIONS } from '../../client/src/sdk/rest-operations-tenant.ts';
import {
  CONTENT_OPERATIONS,
  EDITOR_OPERATIONS,
  VERSION_OPERATIONS,
  WEBHOOK_OPERATIONS,
} from '../../client/src/sdk/rest-operations.ts';
import { createTenantClient } from '../../client/src/sdk/rest-tenant.ts';
import { createVersionClient } from '../../client/src/sdk/rest-versions.ts';
import { createWebhookClient } from '../../client/src/sdk/rest-webhooks.ts';

/** Every operation that a client of the SDK calls. */
export const CLIENT_OPERATIONS = {
  ...EDITOR_OPERATIONS,
  ...CONTENT_OPERATIONS,
  ...VERSION_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...HISTORY_OPERATIONS,
  ...FILE_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...TENANT_OPERATIONS,
};

/** Every client of the SDK for one server and token. */
export function createClients(options: RestClientOptions) {
  return {
    editor: createRestClient(options),
    content: createContentClient(options),
    versions: createVersionClient(options),
    webhooks: createWebhookClient(options),
    history: createHistoryClient(options),
    files: createFileClient(options),
    events: createEventClient(options),
    access: createAccessClient(options),
    tenant: createTenantClient(options),
  };
}

type Clients = ReturnType<typeof createClients>;

/** All methods of all clients. */
export type ClientMethods = Clients[keyof Clients] extends infer Each
  ? (Each extends unknown ? (each: Each) => void : never) extends (all: infer All) => void
    ? All
    : never
  : never;
