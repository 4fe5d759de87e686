/** An operation of the REST interface, as its OpenAPI document has it. */
export interface RestOperation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
}

const DOCUMENT_OPERATIONS = {
  createDocument: { method: 'POST', path: '/v1/documents' },
  changeDocument: { method: 'PATCH', path: '/v1/documents/{name}' },
  deleteDocument: { method: 'DELETE', path: '/v1/documents/{name}' },
} as const;

/** What editors call. Each client has a table of its own, so that a page loads only the one it uses. */
export const EDITOR_OPERATIONS = {
  ...DOCUMENT_OPERATIONS,
  readConfig: { method: 'GET', path: '/v1/config' },
  signIn: { method: 'POST', path: '/v1/dev/sign-in' },
  readSession: { method: 'GET', path: '/v1/session' },
  listDocuments: { method: 'GET', path: '/v1/documents' },
  readDocument: { method: 'GET', path: '/v1/documents/{name}' },
  searchWithBody: { method: 'POST', path: '/v1/search' },
} as const;

/** What programs call that read and write documents. */
export const CONTENT_OPERATIONS = {
  ...DOCUMENT_OPERATIONS,
  readContent: { method: 'GET', path: '/v1/documents/{name}/content' },
  replaceContent: { method: 'PUT', path: '/v1/documents/{name}/content' },
  applyChanges: { method: 'POST', path: '/v1/documents/{name}/changes' },
  applyBulkChanges: { method: 'POST', path: '/v1/changes' },
  readJob: { method: 'GET', path: '/v1/jobs/{id}' },
} as const;

/** What names, restores and publishes states. */
export const VERSION_OPERATIONS = {
  listVersions: { method: 'GET', path: '/v1/documents/{name}/versions' },
  createVersion: { method: 'POST', path: '/v1/documents/{name}/versions' },
  readVersion: { method: 'GET', path: '/v1/documents/{name}/versions/{version}' },
  labelVersion: { method: 'PATCH', path: '/v1/documents/{name}/versions/{version}' },
  removeVersion: { method: 'DELETE', path: '/v1/documents/{name}/versions/{version}' },
  restoreVersion: { method: 'POST', path: '/v1/documents/{name}/versions/{version}/restore' },
  publishDocument: { method: 'PUT', path: '/v1/documents/{name}/publication' },
  readPublication: { method: 'GET', path: '/v1/documents/{name}/publication' },
  withdrawPublication: { method: 'DELETE', path: '/v1/documents/{name}/publication' },
  listPublications: { method: 'GET', path: '/v1/publications' },
} as const;

/** What manages webhooks. */
export const WEBHOOK_OPERATIONS = {
  listWebhooks: { method: 'GET', path: '/v1/webhooks' },
  createWebhook: { method: 'POST', path: '/v1/webhooks' },
  readWebhook: { method: 'GET', path: '/v1/webhooks/{id}' },
  changeWebhook: { method: 'PATCH', path: '/v1/webhooks/{id}' },
  rotateWebhookSecret: { method: 'POST', path: '/v1/webhooks/{id}/rotate' },
  deleteWebhook: { method: 'DELETE', path: '/v1/webhooks/{id}' },
  listDeliveries: { method: 'GET', path: '/v1/webhooks/{id}/deliveries' },
  replayDeliveries: { method: 'POST', path: '/v1/webhooks/{id}/replay' },
} as const;

/** Where an operation is called, with its parameters escaped. */
export function operationPath({ path }: RestOperation, parameters: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(parameters[key] ?? ''));
}
