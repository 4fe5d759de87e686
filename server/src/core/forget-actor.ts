import { ScriptoriumError } from './errors.ts';
import { renameActor } from './rename-actor.ts';

/** One person, and what stands for them from now on. Both are not empty, and differ. */
export interface Pseudonym {
  readonly subject: string;
  readonly pseudonym: string;
}

/** No byte of UTF-8, so no part of any name. */
const BLOT = 0xff;

/**
 * The payload of a row without a person: another actor in their place, or, where the bytes are not a row, their name
 * blotted out wherever it stands. `null` when there is nothing to change. What people wrote stays as it is.
 */
export function forgetActor(payload: Uint8Array, { subject, pseudonym }: Pseudonym): Uint8Array | null {
  try {
    return renameActor(payload, subject, pseudonym);
  } catch (error) {
    if (!(error instanceof ScriptoriumError)) throw error;
    return blotOut(payload, actorBytes(subject));
  }
}

/** The bytes of an actor in a row: one that does not hold them has no part of theirs. */
export function actorBytes(actor: string): Uint8Array {
  return new TextEncoder().encode(actor);
}

/** Whether the bytes stand anywhere in others. */
export function holdsBytes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  return findBytes(bytes, wanted, 0) !== -1;
}

function blotOut(payload: Uint8Array, name: Uint8Array): Uint8Array | null {
  let out: Uint8Array | null = null;
  for (let at = findBytes(payload, name, 0); at !== -1; at = findBytes(payload, name, at + name.byteLength)) {
    out ??= new Uint8Array(payload);
    out.fill(BLOT, at, at + name.byteLength);
  }
  return out;
}

function findBytes(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const [first] = wanted;
  if (first === undefined) return -1;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (standsAt(bytes, wanted, at)) return at;
  }
  return -1;
}

function standsAt(bytes: Uint8Array, wanted: Uint8Array, at: number): boolean {
  for (let index = 0; index < wanted.byteLength; index += 1) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}
