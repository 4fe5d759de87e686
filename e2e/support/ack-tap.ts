import type { HocuspocusProvider } from '@hocuspocus/provider';
import * as decoding from 'lib0/decoding';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { decodeFrame } from './frames.ts';

/** Follows which of a provider's edits the server has acknowledged, by the frames on the wire. */
export interface AckTap {
  /** Update frames sent. */
  readonly sent: number;
  /** Of these, how many are acknowledged; acknowledgements come in the order of the frames. */
  readonly acknowledged: number;
  /** Negative acknowledgements. */
  readonly refused: number;
}

/**
 * Watches a provider from here on. Frames that await an acknowledgement (SyncStep2 and Update) form a queue, and each
 * SyncStatus takes the first of it.
 */
export function tapAcknowledgements(provider: HocuspocusProvider): AckTap {
  const awaiting: ('step2' | 'update')[] = [];
  const tap = { sent: 0, acknowledged: 0, refused: 0 };

  const socket = provider.configuration.websocketProvider;
  const send = socket.send.bind(socket);
  socket.send = (message: unknown) => {
    send(message);
    // What cannot go out yet is queued, and comes through here again.
    const onWire = socket.webSocket?.readyState === WebSocket.OPEN && message instanceof Uint8Array;
    const subType = onWire ? readSyncType(message) : null;
    if (subType === SYNC_TYPE.step2) awaiting.push('step2');
    if (subType !== SYNC_TYPE.update) return;
    awaiting.push('update');
    tap.sent += 1;
  };
  provider.on('message', ({ event }: { event: { data: ArrayBuffer } }) => {
    const frame = decodeFrame(new Uint8Array(event.data));
    if (frame.kind !== 'sync-status') return;
    const kind = awaiting.shift();
    if (!frame.applied) tap.refused += 1;
    else if (kind === 'update') tap.acknowledged += 1;
  });
  return tap;
}

function readSyncType(bytes: Uint8Array): number | null {
  // A ping or pong of the socket has no address.
  if (bytes.length === 1) return null;
  const decoder = decoding.createDecoder(bytes);
  decoding.readVarString(decoder);
  const type = decoding.readVarUint(decoder);
  return type === FRAME_TYPE.sync ? decoding.readVarUint(decoder) : null;
}
