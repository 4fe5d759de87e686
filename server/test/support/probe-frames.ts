import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/** Any frame: address, type, and whatever the callback writes. */
export function frame(address: string, type: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, type);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

/** A login with a token. */
export function authFrame(address: string, token: string): Uint8Array {
  return frame(address, FRAME_TYPE.auth, (encoder) => {
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarString(encoder, token);
  });
}

/** SyncStep1 (0), SyncStep2 (1) or an update (2). */
export function syncFrame(address: string, kind: number, bytes: Uint8Array): Uint8Array {
  return frame(address, FRAME_TYPE.sync, (encoder) => {
    encoding.writeVarUint(encoder, kind);
    encoding.writeVarUint8Array(encoder, bytes);
  });
}

/** Somebody's cursor. */
export function presenceFrame(address: string): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of [1, 4711, 1]) encoding.writeVarUint(encoder, number);
  encoding.writeVarString(encoder, '{"user":"eve"}');
  return frame(address, FRAME_TYPE.awareness, (outer) =>
    encoding.writeVarUint8Array(outer, encoding.toUint8Array(encoder)),
  );
}

/** One update that types a text. */
export function edit(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}
