import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { type Action, roleAllows, ROLES } from '@scriptorium/shared/roles';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCaller, type Caller } from './rest-calls.ts';
import { cursorOf, editOf, type HandClient, openByHand } from '../support/hand-clients.ts';
import { frame, syncFrame } from '../support/probe-frames.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('messages');
let node: Awaited<ReturnType<typeof startTestNode>>;
let root: Caller;
let rootToken: string;
let documents = 0;

beforeAll(async () => {
  node = await startTestNode(directory.path);
  root = await createCaller(node, { sub: 'root', role: 'admin' });
  rootToken = await signToken({ sub: 'root', role: 'admin' });
});
afterAll(async () => {
  await node.stop();
  directory.remove();
});

const { step1: STEP1, step2: STEP2, update: UPDATE } = SYNC_TYPE;

/** A message of a client that is in a document, with somebody beside it who may do everything. */
interface Trial {
  /** What it takes; nobody may send what only the server says. */
  readonly needs: Action | 'nobody';
  /** Sends it; whether the server did what it asks for. */
  readonly does: (at: {
    readonly name: string;
    readonly client: HandClient;
    readonly other: HandClient;
  }) => Promise<boolean>;
}

function raw(client: HandClient): () => string {
  const parts: Buffer[] = [];
  client.socket.on('message', (bytes: Buffer) => parts.push(bytes));
  return () => Buffer.concat(parts).toString('latin1');
}

/** An update in a frame of a type, and whether it is acknowledged. */
function writing(kind: number, rootName: string, type: number = FRAME_TYPE.sync): Trial['does'] {
  return async ({ name, client }) => {
    client.step1(name);
    // The first SyncStep2 ends the first round, until which nothing is acknowledged.
    if (kind !== STEP2) client.socket.send(syncFrame(name, STEP2, Uint8Array.of(0, 0)));
    client.socket.send(
      frame(name, type, (encoder) => {
        encoding.writeVarUint(encoder, kind);
        encoding.writeVarUint8Array(encoder, editOf(rootName));
      }),
    );
    const { saved } = await client.until('status', kind === STEP2 ? 1 : 2);
    const { json } = await root('GET', `/documents/${name}/content?format=json`);
    // What was acknowledged is there, and what was refused is not.
    expect(JSON.stringify(json).includes(rootName)).toBe(saved);
    return saved;
  };
}

/** Breaks the protocol, whoever sends it. */
const forbidden = (type: number): Trial => ({
  needs: 'nobody',
  does: async ({ name, client, other }) => {
    const before = other.heard.length;
    client.socket.send(frame(name, type, (encoder) => encoding.writeVarString(encoder, '{"type":"x"}')));
    await client.closed;
    expect(other.heard.slice(before).filter(({ kind }) => kind === 'stateless')).toEqual([]);
    return false;
  },
});

/** Every type of message, with a trial for each right that it asks for. */
const MESSAGES: Readonly<Record<keyof typeof FRAME_TYPE, readonly Trial[]>> = {
  // Whoever is in was let in by it.
  auth: [{ needs: 'read', does: () => Promise.resolve(true) }],
  sync: [
    {
      needs: 'read',
      does: async ({ name, client }) => {
        client.socket.send(syncFrame(name, STEP1, Uint8Array.of(0)));
        await client.until('step2');
        return true;
      },
    },
    { needs: 'write', does: writing(STEP2, 'text') },
    { needs: 'write', does: writing(UPDATE, 'text') },
    { needs: 'comment', does: writing(UPDATE, 'comments') },
  ],
  syncReply: [
    { needs: 'write', does: writing(STEP2, 'text', FRAME_TYPE.syncReply) },
    { needs: 'write', does: writing(UPDATE, 'text', FRAME_TYPE.syncReply) },
    { needs: 'comment', does: writing(UPDATE, 'comments', FRAME_TYPE.syncReply) },
  ],
  awareness: [
    {
      needs: 'show-cursor',
      does: async ({ name, client, other }) => {
        const heard = raw(other);
        client.awareness(name, cursorOf(4711));
        await waitUntil('the cursor is seen', () => heard().includes('"cursor":1'));
        return true;
      },
    },
  ],
  queryAwareness: [
    {
      needs: 'see-presence',
      does: async ({ name, client, other }) => {
        const early = raw(client);
        other.awareness(name, cursorOf(4712));
        await waitUntil('the cursor is shown', () => early().includes('"cursor":1'));
        const heard = raw(client);
        client.bare(name, FRAME_TYPE.queryAwareness);
        await waitUntil('the cursor is told', () => heard().includes('"cursor":1'));
        return true;
      },
    },
  ],
  stateless: [
    {
      needs: 'read',
      does: async ({ name, client }) => {
        client.stateless(name, { type: 'scriptorium.probe', id: 1 });
        return (await client.until('stateless')).text.includes('scriptorium.durable');
      },
    },
  ],
  close: [
    {
      needs: 'read',
      does: async ({ name, client }) => {
        client.socket.send(frame(name, FRAME_TYPE.close, (encoder) => encoding.writeVarString(encoder, '')));
        await client.until('close');
        return true;
      },
    },
  ],
  broadcastStateless: [forbidden(FRAME_TYPE.broadcastStateless)],
  syncStatus: [forbidden(FRAME_TYPE.syncStatus)],
  ping: [forbidden(FRAME_TYPE.ping)],
  pong: [forbidden(FRAME_TYPE.pong)],
};

const TRIALS = Object.entries(MESSAGES).flatMap(([type, trials]) =>
  trials.map((trial) => [type, trial.needs, trial] as const),
);

describe('[AUTH264] each type of message, by each role', () => {
  it('has its place in the table', () => {
    expect(Object.keys(MESSAGES).toSorted()).toEqual(Object.keys(FRAME_TYPE).toSorted());
  });

  it.each(TRIALS)('%s, which takes %s', async (_type, needs, { does }) => {
    for (const role of ROLES) {
      const name = `doc${(documents += 1)}`;
      await root('POST', '/documents', { body: { name } });
      const token = await signToken({ sub: 'ada', role });
      const [client, other] = [await openByHand(node.url, name, token), await openByHand(node.url, name, rootToken)];
      if (other === null) throw new Error('an admin is let in');
      const isDone = client !== null && (await does({ name, client, other }));
      for (const one of [client, other]) one?.socket.terminate();
      expect([role, isDone]).toEqual([role, needs !== 'nobody' && roleAllows(role, needs)]);
    }
  });
});
