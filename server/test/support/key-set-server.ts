import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, SignJWT, type JWK, type JWTPayload } from 'jose';

/** A key that signs tokens, as its owner has it. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half as a key set has it. */
  readonly jwk: JWK;
  sign(payload: JWTPayload, header?: { readonly alg?: string; readonly kid?: string | undefined }): Promise<string>;
}

function makePair(alg: SigningKey['alg']) {
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
}

export async function createSigningKey(alg: SigningKey['alg'], kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = makePair(alg);
  return {
    kid,
    alg,
    privateKey,
    publicKey,
    jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' },
    sign: (payload, header = {}) => {
      const named = { alg, kid, ...header };
      return new SignJWT(payload)
        .setProtectedHeader(named.kid === undefined ? { alg: named.alg } : { ...named, kid: named.kid })
        .sign(privateKey);
    },
  };
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server of a key set whose answers a test changes at will. */
export interface KeySetServer {
  readonly url: string;
  /** Requests so far. */
  readonly requests: () => number;
  publish(...keys: readonly unknown[]): void;
  answer(answer: Answer): void;
  close(): Promise<void>;
}

export async function startKeySetServer(): Promise<KeySetServer> {
  let answer: Answer = (response) => response.writeHead(500).end();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/keys`,
    requests: () => requests,
    publish: (...keys) => {
      const body = JSON.stringify({ keys });
      answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    },
    answer: (next) => {
      answer = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
