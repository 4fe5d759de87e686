/**
 * Bytes on their way to many sessions. Each encoding of them (a session's dialect and address) is made once and shared,
 * so a broadcast costs one buffer per distinct address, not one per session.
 */
export interface Outbound {
  readonly kind: 'update' | 'awareness';
  /** A Yjs V1 update, or a y-protocols awareness update. */
  readonly bytes: Uint8Array;
  /** Encoded frames by the key of the session's encoding. */
  readonly frames: Map<string, Uint8Array>;
}

export function outboundUpdate(bytes: Uint8Array): Outbound {
  return { kind: 'update', bytes, frames: new Map() };
}

export function outboundAwareness(bytes: Uint8Array): Outbound {
  return { kind: 'awareness', bytes, frames: new Map() };
}
