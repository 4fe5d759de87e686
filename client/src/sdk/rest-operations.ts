/** The operations of the REST interface that the client knows, as its OpenAPI document names them. */
export const REST_OPERATIONS = {
  readConfig: { method: 'GET', path: '/v1/config' },
  signIn: { method: 'POST', path: '/v1/dev/sign-in' },
  readSession: { method: 'GET', path: '/v1/session' },
  listDocuments: { method: 'GET', path: '/v1/documents' },
  createDocument: { method: 'POST', path: '/v1/documents' },
  readDocument: { method: 'GET', path: '/v1/documents/{name}' },
  changeDocument: { method: 'PATCH', path: '/v1/documents/{name}' },
  deleteDocument: { method: 'DELETE', path: '/v1/documents/{name}' },
  readContent: { method: 'GET', path: '/v1/documents/{name}/content' },
  replaceContent: { method: 'PUT', path: '/v1/documents/{name}/content' },
  applyChanges: { method: 'POST', path: '/v1/documents/{name}/changes' },
  applyBulkChanges: { method: 'POST', path: '/v1/changes' },
  listVersions: { method: 'GET', path: '/v1/documents/{name}/versions' },
  createVersion: { method: 'POST', path: '/v1/documents/{name}/versions' },
  labelVersion: { method: 'PATCH', path: '/v1/documents/{name}/versions/{version}' },
  removeVersion: { method: 'DELETE', path: '/v1/documents/{name}/versions/{version}' },
  restoreVersion: { method: 'POST', path: '/v1/documents/{name}/versions/{version}/restore' },
  publishDocument: { method: 'PUT', path: '/v1/documents/{name}/publication' },
  readPublication: { method: 'GET', path: '/v1/documents/{name}/publication' },
  withdrawPublication: { method: 'DELETE', path: '/v1/documents/{name}/publication' },
  listWebhooks: { method: 'GET', path: '/v1/webhooks' },
  createWebhook: { method: 'POST', path: '/v1/webhooks' },
  readWebhook: { method: 'GET', path: '/v1/webhooks/{id}' },
  changeWebhook: { method: 'PATCH', path: '/v1/webhooks/{id}' },
  rotateWebhookSecret: { method: 'POST', path: '/v1/webhooks/{id}/rotate' },
  deleteWebhook: { method: 'DELETE', path: '/v1/webhooks/{id}' },
  searchWithBody: { method: 'POST', path: '/v1/search' },
  readJob: { method: 'GET', path: '/v1/jobs/{id}' },
} as const;

export type RestOperation = keyof typeof REST_OPERATIONS;

/** Where an operation is called, with its parameters escaped. */
export function operationPath(operation: RestOperation, parameters: Readonly<Record<string, string>>): string {
  return REST_OPERATIONS[operation].path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(parameters[key] ?? ''),
  );
}
