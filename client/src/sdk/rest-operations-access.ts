/** What says who may do what. */
export const ACCESS_OPERATIONS = {
  listDocumentGrants: { method: 'GET', path: '/v1/documents/{name}/grants' },
  setDocumentGrant: { method: 'PUT', path: '/v1/documents/{name}/grants/{subject}' },
  revokeDocumentGrant: { method: 'DELETE', path: '/v1/documents/{name}/grants/{subject}' },
  createLink: { method: 'POST', path: '/v1/documents/{name}/links' },
  listGrants: { method: 'GET', path: '/v1/grants' },
  setGrant: { method: 'PUT', path: '/v1/grants' },
  revokeGrant: { method: 'DELETE', path: '/v1/grants' },
  revokeUser: { method: 'DELETE', path: '/v1/users/{user}/access' },
  listApiKeys: { method: 'GET', path: '/v1/api-keys' },
  createApiKey: { method: 'POST', path: '/v1/api-keys' },
  rotateApiKey: { method: 'POST', path: '/v1/api-keys/{id}/rotate' },
  revokeApiKey: { method: 'DELETE', path: '/v1/api-keys/{id}' },
} as const;
