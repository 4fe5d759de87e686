import { SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { type Action, ACTIONS, type Role, roleAllows, ROLES } from '@scriptorium/shared/roles';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cursorOf, editOf, openByHand } from '../support/hand-clients.ts';
import { syncFrame } from '../support/probe-frames.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('roles');
let node: Awaited<ReturnType<typeof startTestNode>>;
let root: string;

beforeAll(async () => {
  node = await startTestNode(directory.path);
  root = await signToken({ sub: 'root', role: 'admin' });
});
afterAll(async () => {
  await node.stop();
  directory.remove();
});

async function send(token: string, [method, path, body]: readonly [string, string, object?]): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${node.port}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}

let documents = 0;
const newName = (): string => `doc${(documents += 1)}`;
async function newDocument(): Promise<string> {
  const name = newName();
  expect(await send(root, ['POST', '/documents', { name }])).toBe(201);
  return name;
}

type Request = readonly [string, string, object?];

/** A request that needs the action and nothing more; `null` where REST has no way to do it. */
const REST: Readonly<Record<Action, ((name: string) => Request) | null>> = {
  read: (name) => ['GET', `/documents/${name}`],
  'see-presence': (name) => ['GET', `/documents/${name}/presence`],
  'show-cursor': null,
  export: (name) => ['GET', `/documents/${name}/content?format=json`],
  comment: null,
  write: (name) => ['PUT', `/documents/${name}/content`, { type: 'doc', content: [{ type: 'paragraph' }] }],
  create: () => ['POST', '/documents', { name: newName() }],
  'read-history': (name) => ['GET', `/documents/${name}/history`],
  restore: (name) => ['POST', `/documents/${name}/versions`, { label: 'first' }],
  publish: (name) => ['PUT', `/documents/${name}/publication`, {}],
  rename: (name) => ['PATCH', `/documents/${name}`, { name: newName() }],
  delete: (name) => ['DELETE', `/documents/${name}`],
  share: (name) => ['PUT', `/documents/${name}/grants/user:somebody`, { role: 'viewer' }],
  'manage-keys': () => ['GET', '/api-keys'],
  'read-audit': () => ['GET', '/audit'],
  'manage-tenant': () => ['DELETE', '/users/somebody/access'],
  'manage-webhooks': () => ['GET', '/webhooks'],
};

const open = (name: string, token: string) => openByHand(node.url, name, token);

/** Whether an update of a root is acknowledged. */
async function writes(name: string, token: string, rootName: string): Promise<boolean> {
  const client = await open(name, token);
  if (client === null) return false;
  client.step1(name);
  client.socket.send(syncFrame(name, SYNC_TYPE.step2, Uint8Array.of(0, 0)));
  client.update(name, editOf(rootName));
  // The first answer is that to the SyncStep2.
  const { saved } = await client.until('status', 2);
  client.socket.terminate();
  return saved;
}

/** Whether one who shows a cursor is seen by one who watches. */
async function isSeen(name: string, shows: string, watches: string): Promise<boolean> {
  const watcher = await open(name, watches);
  const shower = await open(name, shows);
  const isOpen = watcher !== null && shower !== null;
  if (isOpen) {
    const before = watcher.heard.filter((it) => it.kind === 'other').length;
    shower.awareness(name, cursorOf(4711));
    await watcher.until('other', before + 1);
  }
  watcher?.socket.terminate();
  shower?.socket.terminate();
  return isOpen;
}

/** Whether somebody does the action over a socket; `null` where sockets have no way to do it. */
const SOCKETS: Readonly<Record<Action, ((name: string, token: string) => Promise<boolean>) | null>> = {
  read: async (name, token) => {
    const client = await open(name, token);
    client?.socket.terminate();
    return client !== null;
  },
  'see-presence': (name, token) => isSeen(name, root, token),
  'show-cursor': (name, token) => isSeen(name, token, root),
  export: null,
  comment: (name, token) => writes(name, token, 'comments'),
  write: (name, token) => writes(name, token, 'text'),
  create: async (_name, token) => {
    const absent = newName();
    const client = await open(absent, token);
    client?.socket.terminate();
    const isThere = (await send(root, ['GET', `/documents/${absent}`])) === 200;
    expect(isThere).toBe(client !== null);
    return isThere;
  },
  'read-history': null,
  restore: null,
  publish: null,
  rename: null,
  delete: null,
  share: null,
  'manage-keys': null,
  'read-audit': null,
  'manage-tenant': null,
  'manage-webhooks': null,
};

const CELLS = ROLES.flatMap((role) => ACTIONS.map((action): readonly [Role, Action] => [role, action]));
const restCells = CELLS.filter(([, action]) => REST[action] !== null);
const socketCells = CELLS.filter(([, action]) => SOCKETS[action] !== null);

describe('[AUTH100] each cell of the table of roles and actions, on a running server', () => {
  it.each(restCells)('REST: %s, %s', async (role, action) => {
    const request = REST[action]?.(await newDocument()) ?? ['GET', '/'];
    const status = await send(await signToken({ sub: 'ada', role }), request);
    expect([role, action, status < 300, status === 403]).toEqual([
      role,
      action,
      roleAllows(role, action),
      !roleAllows(role, action),
    ]);
  });

  it.each(socketCells)('sockets: %s, %s', async (role, action) => {
    const token = await signToken({ sub: 'ada', role });
    expect(await SOCKETS[action]?.(await newDocument(), token)).toBe(roleAllows(role, action));
  });

  it('every action can be done over sockets or REST', () => {
    const nowhere = ACTIONS.filter((action) => REST[action] === null && SOCKETS[action] === null);
    expect(nowhere).toEqual([]);
  });
});
