/**
 * Message types of the Hocuspocus protocol: the second field of a frame, behind the document's
 * address. The first four are those of y-websocket too, whose frames have no address.
 */
export const FRAME_TYPE = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  syncReply: 4,
  stateless: 5,
  broadcastStateless: 6,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10,
} as const;

/** Sub-types of a sync frame (y-protocols/sync). */
export const SYNC_TYPE = { step1: 0, step2: 1, update: 2 } as const;

/** Sub-types of an auth frame (@hocuspocus/common). */
export const AUTH_TYPE = { token: 0, permissionDenied: 1, authenticated: 2 } as const;
