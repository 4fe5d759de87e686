import { LEFT, MalformedAwareness } from './presence-update.ts';

/** Whom a session's token speaks for: what others are to read in its presence, whatever the client says. */
export interface PresenceAuthor {
  readonly user: string;
  readonly displayName: string;
}

/** What became of a state that a client announced. */
export type AdmittedState =
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'too-deep' | 'reserved-key' | 'no-object' };

/** Nesting of objects and arrays in a state; the state itself is the first. */
const DEPTH = 32;

/**
 * Takes a state as a client sent it, and puts the names of the token in: `user.id` and `user.name` say who it is, in
 * the field that carets and lists of editors read; the rest of `user` (a colour, a picture) and of the state is the
 * client's. Throws `MalformedAwareness` for what is no JSON or no object.
 */
export function admitState(encoded: Uint8Array, author: PresenceAuthor, mostBytes: number): AdmittedState {
  if (encoded.byteLength > mostBytes) return { kind: 'refused', reason: 'too-large' };
  const state = parseState(encoded);
  if (state === null) return { kind: 'state', state: LEFT };
  if (Array.isArray(state)) return { kind: 'refused', reason: 'no-object' };
  const reason = findFault(state, 1);
  if (reason !== null) return { kind: 'refused', reason };
  return { kind: 'state', state: JSON.stringify({ ...state, user: signUser(state, author) }) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseState(encoded: Uint8Array): object | null {
  try {
    const parsed: unknown = JSON.parse(utf8.decode(encoded));
    if (typeof parsed === 'object') return parsed;
  } catch (error) {
    throw new MalformedAwareness('a state is no JSON', { cause: error });
  }
  throw new MalformedAwareness('a state is no object');
}

function signUser(state: object, { user, displayName }: PresenceAuthor): object {
  const said: unknown = 'user' in state ? state.user : null;
  const own = typeof said === 'object' && said !== null && !Array.isArray(said) ? said : {};
  return { ...own, id: user, name: displayName };
}

/** Programs that copy a key `__proto__` would change what they copy it to. */
function findFault(value: object, depth: number): 'too-deep' | 'reserved-key' | null {
  if (depth > DEPTH) return 'too-deep';
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    if (key === '__proto__') return 'reserved-key';
    const fault = typeof inner === 'object' && inner !== null ? findFault(inner, depth + 1) : null;
    if (fault !== null) return fault;
  }
  return null;
}
