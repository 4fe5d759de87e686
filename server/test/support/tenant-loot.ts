import { randomUUID } from 'node:crypto';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import { WebSocket } from 'ws';
import { authFrame, edit, syncFrame } from './probe-frames.ts';

/** Everything of the tenant that is spied upon holds this word, so that a byte of it shows in any answer. */
export const MARK = `mark${randomUUID().slice(0, 8)}`;
/** The tenant that is spied upon. */
export const VICTIM = 'alpha';

/** An answer of REST as it came. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: string;
}

/** A request to REST. */
export type Call = readonly [method: string, path: string, body?: object | undefined, headers?: Record<string, string>];

/** What is known of the victim by somebody who heard all of its names and numbers, and none of its secrets. */
export interface Loot {
  readonly names: readonly string[];
  readonly keyIds: readonly string[];
  readonly linkIds: readonly string[];
  readonly linkSecrets: readonly string[];
  readonly cursors: readonly string[];
  readonly users: readonly string[];
  readonly versionIds: readonly string[];
}

/** Sends a request with a token. */
export async function call(port: number, token: string, [method, path, body, headers = {}]: Call): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
  return { status: response.status, text, headers: JSON.stringify([...response.headers]) };
}

/** Fills the tenant with documents, grants, links and keys; what a spy may know of them. */
export async function prepareVictim(port: number, admin: string): Promise<Loot> {
  const names = Array.from({ length: 12 }, (_, index) => `${MARK}/doc${index}`);
  const made = async (...request: Call) => {
    const { status, text } = await call(port, admin, request);
    if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  const loot = {
    keyIds: [] as string[],
    linkIds: [] as string[],
    linkSecrets: [] as string[],
    versionIds: [] as string[],
  };
  const users = [`${MARK}-ada`, `${MARK}-lin`];
  for (const name of names) {
    const path = `/v1/documents/${encodeURIComponent(name)}`;
    await made('POST', '/v1/documents', { name });
    await writeContent(port, admin, name);
    await made('PUT', `${path}/grants/user:${users[0]}`, { role: 'editor' });
    const link = (await made('POST', `${path}/links`, { role: 'editor' })) as {
      grant: { subject: string };
      secret: string;
    };
    loot.linkIds.push(link.grant.subject.replace('link:', ''));
    loot.linkSecrets.push(link.secret);
    const version = await made('POST', `${path}/versions`, { label: MARK });
    loot.versionIds.push(String(version['id']));
    const key = (await made('POST', '/v1/api-keys', { label: MARK, role: 'owner' })) as { key: { id: string } };
    loot.keyIds.push(key.key.id);
  }
  const lists = ['/v1/documents?limit=3', '/v1/grants?limit=3', '/v1/api-keys?limit=3', '/v1/audit?limit=3'];
  const pages = await Promise.all(lists.map((path) => made('GET', path)));
  return { ...loot, names, users, cursors: pages.map((page) => String(page['nextCursor'])) };
}

/** The victim as its admin sees it, with what each document holds. */
export async function readVictim(port: number, admin: string, { names }: Loot): Promise<string> {
  const paths = ['/v1/documents', '/v1/grants', '/v1/api-keys', '/v1/publications'];
  const contents = names.flatMap((name) => {
    const path = `/v1/documents/${encodeURIComponent(name)}`;
    return [`${path}/content?format=json`, `${path}/versions`];
  });
  const answers = await Promise.all([...paths, ...contents].map((path) => call(port, admin, ['GET', path])));
  const audit = await call(port, admin, ['GET', '/v1/audit?limit=100']);
  const strangers = (JSON.parse(audit.text) as { entries: { actor: string }[] }).entries.filter(
    ({ actor }) => actor !== 'root',
  );
  return JSON.stringify([answers.map(({ text }) => text), strangers]);
}

/** What only the content of a document holds. */
export function secretOf(name: string): string {
  return `secret-of-${name}`;
}

/** Writes a document's secret as a client would. */
async function writeContent(port: number, token: string, name: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/collab`);
  const answered = new Promise<void>((resolve, reject) => {
    let statuses = 0;
    socket.on('message', (bytes: Buffer) => {
      // Behind the address, which is what we sent: the type of a SyncStatus.
      const type = bytes[1 + Buffer.byteLength(name)];
      if (type === FRAME_TYPE.syncStatus) statuses += 1;
      if (statuses === 2) resolve();
    });
    socket.on('error', reject);
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(authFrame(name, token));
  socket.send(syncFrame(name, 0, Uint8Array.of(0)));
  socket.send(syncFrame(name, 1, Uint8Array.of(0, 0)));
  socket.send(syncFrame(name, 2, edit(secretOf(name))));
  await answered;
  socket.terminate();
}
