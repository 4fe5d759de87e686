import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as decoding from 'lib0/decoding';

/** What of a received frame matters beyond what the provider does with it. */
export type InboundSignal =
  /** The server asks for what it lacks; the provider answers at once. */
  | 'asked'
  /** The server did not take a frame. */
  | 'not-taken'
  | 'other';

/** Looks at a frame of the Hocuspocus protocol without taking anything from it. */
export function readInboundSignal(frame: ArrayBuffer): InboundSignal {
  try {
    const decoder = decoding.createDecoder(new Uint8Array(frame));
    decoding.readVarString(decoder);
    const type = decoding.readVarUint(decoder);
    if (type === FRAME_TYPE.syncStatus) return decoding.readVarUint(decoder) === 1 ? 'other' : 'not-taken';
    if (type !== FRAME_TYPE.sync) return 'other';
    return decoding.readVarUint(decoder) === SYNC_TYPE.step1 ? 'asked' : 'other';
  } catch {
    return 'other';
  }
}
