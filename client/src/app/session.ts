import { signal } from '@preact/signals';
import type { ClientConfigView } from '@scriptorium/shared/rest-schemas';
import { createRestClient, RestError } from '../sdk/rest-client.ts';

/** Somebody who is signed in. */
export interface SignedIn {
  readonly token: string;
  readonly user: { readonly id: string; readonly name: string };
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const KEY = 'scriptorium.session';
/** Milliseconds before its end at which a token is renewed. */
const RENEW_BEFORE = 60_000;

const anonymous = createRestClient({});

/** What the server says of itself; `null` until it was reached. */
export const serverConfig = signal<ClientConfigView | null>(null);
/** Who is signed in. */
export const signedIn = signal<SignedIn | null>(readStored());
/** Why somebody was signed out, for the sign-in page. */
export const signOutReason = signal<string | null>(null);

/** The REST interface, asked as whoever is signed in. */
export const rest = createRestClient({ token: readToken });

/** Asks the server what it is; rejects with a `RestError`. */
export async function loadConfig(): Promise<ClientConfigView> {
  const config = await anonymous.readConfig();
  serverConfig.value = config;
  return config;
}

/** Signs in by name alone, where the server allows that. */
export async function signInByName(name: string): Promise<void> {
  const { token, user, expiresAt } = await anonymous.signIn(name);
  keep({ token, user, expiresAt: Date.parse(expiresAt) }, localStorage);
}

/** Signs in with a token from elsewhere; it is forgotten with the tab. */
export async function signInByToken(token: string): Promise<void> {
  const { user, expiresAt } = await createRestClient({ token: () => token }).readSession();
  const end = expiresAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(expiresAt);
  keep({ token, user, expiresAt: end }, sessionStorage);
}

/** Forgets who was signed in. */
export function signOut(reason: string | null = null): void {
  for (const storage of [localStorage, sessionStorage]) storage.removeItem(KEY);
  signOutReason.value = reason;
  signedIn.value = null;
}

/** The token of now; in development mode a new one shortly before the old one ends. */
export async function readToken(): Promise<string> {
  const session = signedIn.value;
  if (session === null) throw new RestError({ code: 'unauthenticated', status: 401, title: 'Nobody is signed in.' });
  if (session.expiresAt - Date.now() > RENEW_BEFORE || serverConfig.value?.devSignIn !== true) return session.token;
  await signInByName(session.user.name);
  return signedIn.value?.token ?? session.token;
}

/** Signs out when the error says that the token is not taken any more. Returns whether it does. */
export function noteRefusedToken(code: string): boolean {
  if (code !== 'unauthenticated' && code !== 'token-expired') return false;
  signOut('Your sign-in has ended. Sign in again to go on; what you wrote is kept.');
  return true;
}

/** Follows other tabs of the same browser. */
export function followOtherTabs(): void {
  addEventListener('storage', (event) => {
    if (event.key === KEY) signedIn.value = readStored();
  });
}

function keep(session: SignedIn, storage: Storage): void {
  signOutReason.value = null;
  storage.setItem(KEY, JSON.stringify(session));
  signedIn.value = session;
}

function readStored(): SignedIn | null {
  for (const storage of [sessionStorage, localStorage]) {
    const session = parseSession(storage.getItem(KEY));
    if (session !== null) return session;
  }
  return null;
}

function parseSession(text: string | null): SignedIn | null {
  try {
    const session = JSON.parse(text ?? 'null') as SignedIn | null;
    return typeof session?.token === 'string' && typeof session.user?.id === 'string' ? session : null;
  } catch {
    return null;
  }
}
