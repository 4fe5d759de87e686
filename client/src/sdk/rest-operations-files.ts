/** What takes documents in and out as files. */
export const FILE_OPERATIONS = {
  exportDocument: { method: 'GET', path: '/v1/documents/{name}/export' },
  exportTenant: { method: 'GET', path: '/v1/export' },
  importFile: { method: 'POST', path: '/v1/documents/{name}/import' },
} as const;
