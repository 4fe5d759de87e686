import type { JWK } from 'jose';
import type { Clock } from '../../ports/clock.ts';

export interface KeyFetchDeps {
  readonly url: string;
  readonly clock: Clock;
}

/** Milliseconds for the whole answer. */
const DEADLINE = 5_000;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 100;

/**
 * Fetches a JSON Web Key Set (RFC 7517, 5) and returns its public keys. Throws an error whose message says what is wrong
 * with the answer. No redirect is followed: whoever can make the endpoint send one must not choose the keys.
 */
export async function fetchKeySet({ url, clock }: KeyFetchDeps): Promise<readonly JWK[]> {
  const abort = new AbortController();
  const deadline = clock.after(DEADLINE, () => {
    abort.abort(new Error('no answer in time'));
  });
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: abort.signal,
      headers: { accept: 'application/jwk-set+json, application/json' },
    });
    if (response.status !== 200) throw new Error(`the answer has status ${response.status}`);
    return readKeys(await readText(response));
  } finally {
    deadline.cancel();
    // Lets go of a body that was not read to its end.
    abort.abort();
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return '';
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readKeys(text: string): readonly JWK[] {
  const keys = readProperty(parseJson(text), 'keys');
  if (!Array.isArray(keys)) throw new Error('the answer is not a key set');
  if (keys.length > MAX_KEYS) throw new Error('the answer has too many keys');
  // A key of another kind is for somebody else, and no reason to refuse the rest.
  return keys.filter(isPublicKey);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
}

/** A secret (`oct`) is never taken from a key set: who can read the set could sign with it. */
function isPublicKey(value: unknown): value is JWK {
  return ['RSA', 'EC', 'OKP'].includes(String(readProperty(value, 'kty')));
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
