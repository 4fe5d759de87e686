/** What hears and speaks to the people in a document. */
export const EVENT_OPERATIONS = {
  followDocument: { method: 'GET', path: '/v1/documents/{name}/events' },
  listPresence: { method: 'GET', path: '/v1/documents/{name}/presence' },
  broadcast: { method: 'POST', path: '/v1/documents/{name}/broadcast' },
} as const;
