import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRest, readCommitted, readField } from '../support/rest-client.ts';
import { recordResult } from '../support/results.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { RevokedClient, ROOT } from './support/revoked-client.ts';

/** Milliseconds after which nothing goes through any more; the promise is held where the machine is quiet. */
const PROMISE = pickSize({ share: 3_000, full: 1_000 });
const TICK = 150;
const BEFORE = 2_000;
const AFTER = PROMISE + 3_000;

let cluster: Cluster;
let admin: string;

beforeAll(async () => {
  cluster = await startCluster({ env: { JWT_CLOCK_TOLERANCE_SECONDS: '0' } });
  admin = await mintToken({ sub: 'root', role: 'admin' });
}, 120_000);
afterAll(() => cluster.dispose());

async function rest(node: number, route: string, body?: object): Promise<unknown> {
  const [method = 'GET', path = ''] = route.split(' ');
  const url = `${cluster.nodes[node]?.url}/v1${path}`;
  const answer = await callRest(url, { method, token: admin, ...(body && { body }) }).catch((error: unknown) => {
    throw new Error(`${method} ${url} was not answered`, { cause: error });
  });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

interface Loss {
  readonly what: string;
  /** Whether reading is lost too, or writing alone. */
  readonly readsOn: boolean;
  /** Gives access to a document; the token of one who has it, and what takes it away and when it did. */
  prepare(document: string): Promise<{ readonly token: string; readonly takeAway: () => Promise<number> }>;
}

const now = (): number => performance.now();

async function grantTo(user: string, document: string): Promise<string> {
  await rest(0, `PUT /documents/${document}/grants/user:${user}`, { role: 'editor' });
  const token = await mintToken({ sub: user, role: null });
  // What is given takes its moment to be known everywhere, as what is taken.
  for (const { url } of cluster.nodes) {
    const isIn = async () => (await callRest(`${url}/v1/documents/${document}`, { token })).status === 200;
    await waitUntil(isIn, { what: `the grant is known at ${url}`, timeoutMs: 30_000 });
  }
  return token;
}

const LOSSES: readonly Loss[] = [
  {
    what: 'expiry',
    readsOn: false,
    prepare: async (document) => {
      const seconds = 10;
      const token = await mintToken({
        sub: 'exp',
        role: null,
        documents: { [document]: 'editor' },
        expiresIn: seconds,
      });
      // Tokens end at whole seconds of the wall clock.
      const end = now() + (Math.floor(Date.now() / 1_000) + seconds) * 1_000 - Date.now();
      return { token, takeAway: async () => (await sleep(Math.max(0, end - now())), Math.max(end, now())) };
    },
  },
  {
    what: 'grant',
    readsOn: false,
    prepare: async (document) => ({
      token: await grantTo('gra', document),
      takeAway: async () => (await rest(1, `DELETE /documents/${document}/grants/user:gra`), now()),
    }),
  },
  {
    what: 'downgrade',
    readsOn: true,
    prepare: async (document) => ({
      token: await grantTo('dow', document),
      takeAway: async () => (await rest(2, `PUT /documents/${document}/grants/user:dow`, { role: 'viewer' }), now()),
    }),
  },
  {
    what: 'user',
    readsOn: false,
    prepare: async (document) => ({
      token: await mintToken({ sub: 'use', role: null, documents: { [document]: 'editor' } }),
      takeAway: async () => (await rest(0, 'DELETE /users/use/access'), now()),
    }),
  },
  {
    what: 'key',
    readsOn: false,
    prepare: async (document) => {
      const made = await rest(1, 'POST /api-keys', {
        label: 'k',
        documents: [{ resource: document, role: 'editor' }],
      });
      const id = String(readField(made, 'key', 'id'));
      return {
        token: String(readField(made, 'secret')),
        takeAway: async () => (await rest(2, `DELETE /api-keys/${id}`), now()),
      };
    },
  },
];

/** What went through later than promised, and how late the last of it was begun, in milliseconds after the loss. */
async function lose(loss: Loss, run: string): Promise<{ readonly leaks: readonly string[]; readonly last: number }> {
  const document = `${run}-${loss.what}`;
  await rest(0, 'POST /documents', { name: document });
  const { token, takeAway } = await loss.prepare(document);
  const owner = await RevokedClient.join(cluster.nodes[0]!, document, admin);
  const victims = await Promise.all(cluster.nodes.map((node) => RevokedClient.join(node, document, token)));
  let ticking = true;
  const ticks = (async () => {
    for (; ticking; await sleep(TICK)) for (const client of [owner, ...victims]) client.tick();
  })();
  await sleep(BEFORE);
  const lostAt = await takeAway();
  await sleep(AFTER);
  ticking = false;
  await ticks;
  const committed = await readCommitted(cluster.nodes[0]!.url, document, admin).catch((error: unknown) => {
    throw new Error(`${document} could not be read`, { cause: error });
  });
  const stored = committed.getText(ROOT).toString().split(' ');
  const through = new Map<string, number>();
  for (const victim of victims) {
    for (const marker of stored) through.set(`wrote ${marker}`, (victim.sent.get(marker) ?? -Infinity) - lostAt);
    if (loss.readsOn) continue;
    for (const marker of victim.heard()) through.set(`heard ${marker}`, (owner.sent.get(marker) ?? -Infinity) - lostAt);
    victim.letIn.forEach((at, index) => through.set(`let in ${victim.name} ${index}`, at - lostAt));
  }
  for (const client of [owner, ...victims]) client.leave();
  const times = [...through].filter(([, late]) => late !== -Infinity);
  // Otherwise it would prove nothing: all of them did read and write before.
  const early = victims.filter((victim) => stored.some((marker) => (victim.sent.get(marker) ?? Infinity) < lostAt));
  expect([loss.what, early.length]).toEqual([loss.what, victims.length]);
  return {
    leaks: times.filter(([, late]) => late > PROMISE).map(([what, late]) => `${what} after ${Math.round(late)} ms`),
    last: Math.max(0, ...times.map(([, late]) => late)),
  };
}

async function loseEverything(run: string): Promise<void> {
  const outcomes = await Promise.all(LOSSES.map((loss) => lose(loss, run)));
  const last = LOSSES.map(({ what }, index) => [`${what}: last ms`, Math.round(outcomes[index]?.last ?? 0)] as const);
  await recordResult(`chaos: access lost, ${run}`, Object.fromEntries(last));
  expect(outcomes.flatMap(({ leaks }) => leaks)).toEqual([]);
}

describe('access that is lost counts on every node within a second', () => {
  it('[CHAOS20] with Redis: expiry, grant, downgrade, user and key', { timeout: 180_000 }, async () => {
    await loseEverything('with-redis');
  });

  it('[CHAOS21] while Redis is gone, the same', { timeout: 180_000 }, async () => {
    await cluster.redis.stop('SIGKILL');
    await loseEverything('without-redis');
  });
});
