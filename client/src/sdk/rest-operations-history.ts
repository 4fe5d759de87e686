/** What reads the past of documents. */
export const HISTORY_OPERATIONS = {
  readHistory: { method: 'GET', path: '/v1/documents/{name}/history' },
  compareStates: { method: 'GET', path: '/v1/documents/{name}/diff' },
  readBlame: { method: 'GET', path: '/v1/documents/{name}/blame' },
} as const;
