/** What looks after a tenant as a whole. */
export const TENANT_OPERATIONS = {
  listAudit: { method: 'GET', path: '/v1/audit' },
  eraseDocument: { method: 'POST', path: '/v1/documents/{name}/erasure' },
  listErasures: { method: 'GET', path: '/v1/erasures' },
  readErasure: { method: 'GET', path: '/v1/erasures/{id}' },
  exportPerson: { method: 'GET', path: '/v1/users/{user}/export' },
  erasePerson: { method: 'POST', path: '/v1/users/{user}/erasure' },
  readPersonErasure: { method: 'GET', path: '/v1/users/{user}/erasure' },
  readmitPerson: { method: 'DELETE', path: '/v1/users/{user}/erasure' },
  rebuildSearch: { method: 'POST', path: '/v1/search/rebuild' },
  readSearchRebuild: { method: 'GET', path: '/v1/search/rebuild' },
} as const;
