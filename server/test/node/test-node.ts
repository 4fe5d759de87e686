import { once } from 'node:events';
import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { SignJWT } from 'jose';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket, type ClientOptions } from 'ws';
import { startNode, type Node } from '../../src/compose.ts';
import { parseConfig } from '../../src/config.ts';

export const SECRET = 'a secret for tests that is long enough';

/** Signs a token for a user of a tenant. */
export function signToken(claims: Readonly<Record<string, unknown>>, seconds = 3600): Promise<string> {
  return new SignJWT({ role: 'editor', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime(`${seconds}s`)
    .sign(new TextEncoder().encode(SECRET));
}

/** Tests ask more in a minute than people do. */
const UNLIMITED = { LIMIT_REQUESTS_PER_MINUTE: '0', LIMIT_ANONYMOUS_REQUESTS_PER_MINUTE: '0' };

/** Starts a whole node on a free port. */
export async function startTestNode(
  directory: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Node & { readonly url: string }> {
  const environment = {
    PORT: '0',
    DATA_DIR: directory,
    JWT_SECRET: SECRET,
    LOG_LEVEL: 'silent',
    ...UNLIMITED,
    ...variables,
  };
  const parsed = parseConfig(environment, () => '');
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('\n'));
  const node = await startNode(parsed.config, 'test');
  return { ...node, url: `ws://127.0.0.1:${node.port}` };
}

/** The value of a metric on the node's page. */
export async function readMetric(node: Pick<Node, 'port'>, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${node.port}/metrics`)).text();
  return Number(new RegExp(`^scriptorium_${name} (\\S+)$`, 'm').exec(page)?.[1]);
}

type Words =
  | { readonly kind: 'authenticated' | 'denied' | 'stateless' | 'close'; readonly text: string }
  | { readonly kind: 'status'; readonly saved: boolean }
  | { readonly kind: 'step2' | 'other' | 'asked' };

/** One message of the server, in words. */
export type Heard = Words & { readonly address: string };

function readMessage(bytes: Uint8Array): Heard {
  const decoder = decoding.createDecoder(bytes);
  return { address: decoding.readVarString(decoder), ...readWords(decoder) };
}

function readWords(decoder: decoding.Decoder): Words {
  const type = decoding.readVarUint(decoder);
  if (type === FRAME_TYPE.syncStatus) return { kind: 'status', saved: decoding.readVarUint(decoder) === 1 };
  if (type === FRAME_TYPE.stateless) return { kind: 'stateless', text: decoding.readVarString(decoder) };
  if (type === FRAME_TYPE.close) return { kind: 'close', text: decoding.readVarString(decoder) };
  if (type === FRAME_TYPE.sync && decoding.readVarUint(decoder) === SYNC_TYPE.step2) return { kind: 'step2' };
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
  const login = (document: string, token: string): void => {
    send(document, (encoder) => {
      encoding.writeVarUint(encoder, FRAME_TYPE.auth);
      encoding.writeVarUint(encoder, AUTH_TYPE.token);
      encoding.writeVarString(encoder, token);
    });
  };
  const sync = (document: string, type: number, bytes: Uint8Array): void => {
    send(document, (encoder) => {
      encoding.writeVarUint(encoder, FRAME_TYPE.sync);
      encoding.writeVarUint(encoder, type);
      encoding.writeVarUint8Array(encoder, bytes);
    });
  };
  const step1 = (document: string): void => {
    sync(document, SYNC_TYPE.step1, Uint8Array.of(0));
  };
  return {
    socket,
    heard,
    closed,
    until,
    login,
    step1,
    /** Sends what the callback sends in one write, so that it reaches the server together. */
    together: (write: () => void) => {
      const stream = Reflect.get(socket, '_socket') as { cork(): void; uncork(): void };
      stream.cork();
      write();
      stream.uncork();
    },
    /** Logs in and goes through the first round, whose own answer is taken out of what was heard. */
    enter: async (document: string, token: string) => {
      login(document, token);
      step1(document);
      sync(document, SYNC_TYPE.step2, Uint8Array.of(0, 0));
      const answer = await until('status');
      heard.splice(heard.indexOf(answer), 1);
    },
    update: (document: string, bytes: Uint8Array) => {
      sync(document, SYNC_TYPE.update, bytes);
    },
    awareness: (document: string, bytes: Uint8Array) => {
      send(document, (encoder) => {
        encoding.writeVarUint(encoder, FRAME_TYPE.awareness);
        encoding.writeVarUint8Array(encoder, bytes);
      });
    },
    stateless: (document: string, message: object) => {
      send(document, (encoder) => {
        encoding.writeVarUint(encoder, FRAME_TYPE.stateless);
        encoding.writeVarString(encoder, JSON.stringify(message));
      });
    },
    /** A frame without a body of a type of the test's choice. */
    bare: (document: string, type: number) => {
      send(document, (encoder) => {
        encoding.writeVarUint(encoder, type);
      });
    },
  };
}
