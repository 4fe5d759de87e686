import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { MalformedAwareness, type PresenceEntry, readCount, readPresence, readState } from './presence-update.ts';

/** One client's presence as the node that holds its connection tells it to other nodes. */
export interface PresenceClaim extends PresenceEntry {
  readonly user: string;
  /** Milliseconds since the client came to that node: a duration, so that clocks of machines need not agree. */
  readonly age: number;
}

/** What a node tells the others about one document. */
export interface PresenceRelay {
  /**
   * `changes` are what is new; `all` is everybody that the node holds, and nobody else is there; `hello` is the same
   * and asks the others for theirs.
   */
  readonly kind: 'changes' | 'all' | 'hello';
  /** Grows with each message of a node about a document, so that late and doubled ones are known. */
  readonly stamp: number;
  readonly claims: readonly PresenceClaim[];
}

/** Raised with any change to the format; messages of another version are malformed. */
const VERSION = 1;
const KINDS = ['changes', 'all', 'hello'] as const;

/** Encodes one message between nodes. */
export function encodePresenceRelay(relay: PresenceRelay): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeUint8(encoder, VERSION);
  encoding.writeUint8(encoder, KINDS.indexOf(relay.kind));
  encoding.writeVarUint(encoder, relay.stamp);
  encoding.writeVarUint(encoder, relay.claims.length);
  for (const { client, clock, age, user, state } of relay.claims) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarUint(encoder, age);
    encoding.writeVarString(encoder, user);
    encoding.writeVarString(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}

/** Decodes one message of another node. Throws `MalformedAwareness`. */
export function decodePresenceRelay(bytes: Uint8Array): PresenceRelay {
  return readPresence(bytes, (decoder) => {
    if (decoding.readUint8(decoder) !== VERSION) throw new MalformedAwareness('another version');
    const kind = KINDS[decoding.readUint8(decoder)];
    if (kind === undefined) throw new MalformedAwareness('an unknown kind');
    const stamp = decoding.readVarUint(decoder);
    const claims: PresenceClaim[] = [];
    for (let left = readCount(decoder); left > 0; left -= 1) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const age = decoding.readVarUint(decoder);
      const user = decoding.readVarString(decoder);
      claims.push({ client, clock, age, user, state: readState(decoding.readVarString(decoder)) });
    }
    return { kind, stamp, claims };
  });
}
