import {
  frameAddress,
  NO_ADDRESS,
  readAddressedFrame,
  readPlainFrame,
  type Dialect,
  type InboundFrame,
} from './frames.ts';

/** Splits the messages of one socket; `null` for bytes that are no frame. */
export type FrameReader = (bytes: Uint8Array) => InboundFrame | null;

/** Makes a reader that tries the address of the last frame first: the next one usually has the same. */
export function createFrameReader(dialect: Dialect): FrameReader {
  if (dialect.kind === 'y-websocket') return (bytes) => readPlainFrame(bytes, dialect.document);
  let last = NO_ADDRESS;
  return (bytes) => {
    const frame = readAddressedFrame(bytes, last);
    if (frame !== null && frame.address !== last.key) last = frameAddress(frame.address);
    return frame;
  };
}
