import { once } from 'node:events';
import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { SignJWT } from 'jose';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket, type ClientOptions } from 'ws';
import { startNode, type Node } from '../../src/compose.ts';
import { parseConfig } from '../../src/config.ts';

const SECRET = 'a secret for tests that is long enough';

/** Signs a token for a user of a tenant. */
export function signToken(claims: Readonly<Record<string, unknown>>, seconds = 3600): Promise<string> {
  return new SignJWT({ role: 'editor', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(`${seconds}s`)
    .sign(new TextEncoder().encode(SECRET));
}

/** Starts a whole node on a free port. */
export async function startTestNode(
  directory: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Node & { readonly url: string }> {
  const environment = { PORT: '0', DATA_DIR: directory, JWT_SECRET: SECRET, LOG_LEVEL: 'silent', ...variables };
  const parsed = parseConfig(environment, () => '');
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('\n'));
  const node = await startNode(parsed.config, 'test');
  return { ...node, url: `ws://127.0.0.1:${node.port}` };
}

/** One message of the server, in words. */
export type Heard =
  | { readonly kind: 'authenticated' | 'denied' | 'stateless' | 'close'; readonly text: string }
  | { readonly kind: 'status'; readonly saved: boolean }
  | { readonly kind: 'other' | 'asked' };

function readMessage(bytes: Uint8Array): Heard {
  const decoder = decoding.createDecoder(bytes);
  decoding.readVarString(decoder);
  const type = decoding.readVarUint(decoder);
  if (type === FRAME_TYPE.syncStatus) return { kind: 'status', saved: decoding.readVarUint(decoder) === 1 };
  if (type === FRAME_TYPE.stateless) return { kind: 'stateless', text: decoding.readVarString(decoder) };
  if (type === FRAME_TYPE.close) return { kind: 'close', text: decoding.readVarString(decoder) };
  if (type !== FRAME_TYPE.auth) return { kind: 'other' };
  const about = decoding.readVarUint(decoder);
  if (about === AUTH_TYPE.token) return { kind: 'asked' };
  return {
    kind: about === AUTH_TYPE.authenticated ? 'authenticated' : 'denied',
    text: decoding.readVarString(decoder),
  };
}

/** A client that speaks the protocol by hand. */
export async function connectByHand(url: string, options: ClientOptions = {}) {
  const socket = new WebSocket(url, options);
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (bytes: Buffer) => {
    heard.push(readMessage(bytes));
    for (const wake of waiting) wake();
  });
  const closed = new Promise<number>((resolve) => {
    socket.on('close', resolve);
  });
  await once(socket, 'open');
  const send = (document: string, write: (encoder: encoding.Encoder) => void): void => {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, document);
    write(encoder);
    socket.send(encoding.toUint8Array(encoder));
  };
  const until = <K extends Heard['kind']>(kind: K, count = 1): Promise<Heard & { readonly kind: K }> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = heard.filter((it): it is Heard & { readonly kind: K } => it.kind === kind)[count - 1];
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    socket,
    heard,
    closed,
    until,
    login: (document: string, token: string) => {
      send(document, (encoder) => {
        encoding.writeVarUint(encoder, FRAME_TYPE.auth);
        encoding.writeVarUint(encoder, AUTH_TYPE.token);
        encoding.writeVarString(encoder, token);
      });
    },
    update: (document: string, bytes: Uint8Array) => {
      send(document, (encoder) => {
        encoding.writeVarUint(encoder, FRAME_TYPE.sync);
        encoding.writeVarUint(encoder, SYNC_TYPE.update);
        encoding.writeVarUint8Array(encoder, bytes);
      });
    },
    stateless: (document: string, message: object) => {
      send(document, (encoder) => {
        encoding.writeVarUint(encoder, FRAME_TYPE.stateless);
        encoding.writeVarString(encoder, JSON.stringify(message));
      });
    },
  };
}
