import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import { encodeFrame } from '../../support/frames.ts';
import type { RawClient } from '../../support/raw-client.ts';

/** One client in a presence update: its id, its clock, its state as JSON text. */
export interface PresenceClaim {
  readonly client: number;
  readonly clock: number;
  readonly state: string;
}

/** A presence update as y-protocols writes it. */
export function encodePresence(claims: readonly PresenceClaim[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, claims.length);
  for (const { client, clock, state } of claims) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}

/** A presence frame of any bytes. */
export function presenceFrame(document: string, update: Uint8Array): Uint8Array {
  return encodeFrame(document, FRAME_TYPE.awareness, (encoder) => encoding.writeVarUint8Array(encoder, update));
}

/** Who is here, as somebody sees it who heard these frames from the first on: the last state of each client. */
export function readPresence(client: RawClient, from = 0): ReadonlyMap<number, PresenceClaim> {
  const states = new Map<number, PresenceClaim>();
  for (const frame of client.frames.slice(from)) {
    if (frame.kind !== 'awareness') continue;
    for (const claim of decodePresence(frame.update)) {
      const known = states.get(claim.client);
      const isNews = known === undefined || claim.clock > known.clock;
      if (isNews || (claim.clock === known.clock && claim.state === 'null')) states.set(claim.client, claim);
    }
  }
  return states;
}

function decodePresence(update: Uint8Array): PresenceClaim[] {
  const decoder = decoding.createDecoder(update);
  return Array.from({ length: decoding.readVarUint(decoder) }, () => ({
    client: decoding.readVarUint(decoder),
    clock: decoding.readVarUint(decoder),
    state: decoding.readVarString(decoder),
  }));
}

/** Bytes of presence in the frames from that many on. */
export function presenceBytes(client: RawClient, from = 0): number {
  return client.frames
    .slice(from)
    .reduce((sum, frame) => sum + (frame.kind === 'awareness' ? frame.bytes.byteLength : 0), 0);
}
