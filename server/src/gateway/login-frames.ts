import { AUTH_TYPE, FRAME_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';
import type { InboundFrame } from './frames.ts';

const CLIENT_FRAMES: ReadonlySet<number> = new Set([
  FRAME_TYPE.sync,
  FRAME_TYPE.awareness,
  FRAME_TYPE.queryAwareness,
  FRAME_TYPE.stateless,
  FRAME_TYPE.close,
]);

/**
 * Whether a frame may come outside any session: sent before the token was at hand, or behind a refusal or an end that
 * the client has not read yet; not more than `most` bytes of a socket on which nobody was let in. It is dropped, since the first round of a later session brings all that it held.
 */
export function mayComeOutside(type: number, bytesBeforeLogin: number, most: number): boolean {
  return CLIENT_FRAMES.has(type) && bytesBeforeLogin <= most;
}

/** The token of an Auth frame; `null` when the frame is another or malformed. */
export function readToken(frame: InboundFrame): string | null {
  if (frame.type !== FRAME_TYPE.auth) return null;
  try {
    return decoding.readVarUint(frame.body) === AUTH_TYPE.token ? decoding.readVarString(frame.body) : null;
  } catch {
    return null;
  }
}
