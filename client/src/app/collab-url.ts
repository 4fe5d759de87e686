/** Address of the WebSocket of the server that the page came from. */
export function collabUrl(): string {
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/collab`;
}
