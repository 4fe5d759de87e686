import { choosePersonColour, PERSON_COLOURS } from '@scriptorium/shared/person-colour';
import type { Awareness } from 'y-protocols/awareness';

/** What each client tells about its user. */
export interface PresentUser {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

/** Somebody who has the document open, in one tab or in several. */
export interface Person extends PresentUser {
  readonly self: boolean;
  /** Keys of their carets. */
  readonly carets: readonly string[];
}

const COLOURS: ReadonlySet<string> = new Set(PERSON_COLOURS);

/** Key of a client's caret on the page. */
export function caretKey(client: number): string {
  return String(client);
}

/** Reads who somebody says to be. Strangers' programs may say anything. */
export function readUser(state: unknown, client: number): PresentUser {
  const user: unknown = typeof state === 'object' && state !== null && 'user' in state ? state.user : null;
  const field = (name: string): string | null => {
    if (typeof user !== 'object' || user === null) return null;
    const value = (user as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' && value.trim() !== '' ? value.slice(0, 80) : null;
  };
  const name = field('name') ?? 'Somebody';
  const id = field('id') ?? `client ${client}`;
  const color = field('color');
  return { id, name, color: color !== null && COLOURS.has(color) ? color : choosePersonColour(id) };
}

/** Everybody who is here, oneself first, then by name. */
export function listPeople(awareness: Awareness, self: PresentUser): readonly Person[] {
  const local = awareness.getLocalState();
  const color = local === null || !('user' in local) ? self.color : readUser(local, awareness.clientID).color;
  const people = new Map<string, Person>([[self.id, { ...self, color, self: true, carets: [] }]]);
  for (const [client, state] of awareness.getStates()) {
    if (client === awareness.clientID) continue;
    const user = readUser(state, client);
    const known = people.get(user.id) ?? { ...user, self: false, carets: [] };
    people.set(user.id, { ...known, carets: [...known.carets, caretKey(client)] });
  }
  return [...people.values()].toSorted((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name));
}

/**
 * The colour to take when the one of now is also somebody else's; `null` when it can stay. Of two, the one with the
 * higher clientID gives way, so that they do not both change.
 */
export function resolveColour(awareness: Awareness, self: PresentUser): string | null {
  const others = [...awareness.getStates()]
    .filter(([client]) => client !== awareness.clientID)
    .map(([client, state]) => ({ client, user: readUser(state, client) }))
    .filter(({ user }) => user.id !== self.id);
  const clash = others.some(({ client, user }) => user.color === self.color && client < awareness.clientID);
  if (!clash) return null;
  const chosen = choosePersonColour(self.id, new Set(others.map(({ user }) => user.color)));
  return chosen === self.color ? null : chosen;
}

/** Who came and who went, in words; `null` when nobody did. */
export function describeChange(before: readonly Person[], after: readonly Person[]): string | null {
  const joined = after.filter((person) => !person.self && before.every(({ id }) => id !== person.id));
  const left = before.filter((person) => !person.self && after.every(({ id }) => id !== person.id));
  const parts = [say(joined, 'joined'), say(left, 'left')].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}

function say(people: readonly Person[], what: string): string | null {
  if (people.length === 0) return null;
  return `${new Intl.ListFormat('en').format(people.map(({ name }) => name))} ${what}.`;
}
