import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as encoding from 'lib0/encoding';
import { honestUpdate } from '../../support/bad-updates.ts';
import {
  authFrame,
  encodeFrame,
  statelessFrame,
  step1Frame,
  step2Frame,
  syncReplyFrame,
  updateFrame,
} from '../../support/frames.ts';
import { callRest } from '../../support/rest-client.ts';
import { mintToken } from '../../support/tokens.ts';
import { type Attack, Finding } from '../support/attack.ts';
import type { Ground } from '../support/ground.ts';
import { describeReply, happens, type Provoked, provoke, readReply } from '../support/reply.ts';
import { presenceFrame } from './presence-frames.ts';
import { connectTcp, openByHand, upgradeRequest } from './raw-tcp.ts';

const INTRUSION = 'what a reader wrote';

/** Hooks of stock Hocuspocus, each called by something that any client can do. */
const HOOKS = ['onRequest', 'onUpgrade', 'onChange', 'onStateless', 'onAwarenessUpdate', 'onDisconnect'];

/** Every way in which a session that may only read could try to bring bytes in. */
const INTRUSIONS: readonly ((document: string) => Uint8Array)[] = [
  (document) => updateFrame(document, honestUpdate(INTRUSION)),
  (document) => step2Frame(document, honestUpdate(INTRUSION)),
  (document) => syncReplyFrame(document, SYNC_TYPE.step2, honestUpdate(INTRUSION)),
  (document) => syncReplyFrame(document, SYNC_TYPE.update, honestUpdate(INTRUSION)),
  (document) => updateFrame(`${document}\0session`, honestUpdate(INTRUSION)),
  (document) => statelessFrame(document, INTRUSION, FRAME_TYPE.broadcastStateless),
  (document) =>
    encodeFrame(document, FRAME_TYPE.syncStatus, (encoder) => {
      encoding.writeVarUint(encoder, 1);
    }),
];

/** B6: hooks, HTTP requests, and sessions whose time is over. */
export const REQUESTS: readonly Attack[] = [
  ...HOOKS.map((throwingHook): Attack => ({
    name: `what calls the hook ${throwingHook}, which throws`,
    throwingHook,
    run: callEveryHook,
  })),
  { name: '200 upgrades that are reset at once', run: resetUpgrades },
  { name: '50 logins whose clients do not wait', run: leaveAtOnce },
  {
    name: 'a page of another origin',
    async run(ground) {
      const finding = new Finding();
      const { head, socket } = await openByHand(ground.target.port, { headers: { Origin: 'https://evil.example' } });
      const status = head.split(' ')[1] ?? '';
      finding.answered(status);
      finding.must(status === '403', 'let in');
      socket.destroy();
      return finding;
    },
  },
  { name: 'requests with strange hosts and paths', run: requestStrangely },
  { name: 'a token in the address', run: showToken },
  { name: 'a token that ends in the middle of a session', run: outstayToken },
  { name: 'a right to write that is taken away', onlyOurs: true, run: outstayGrant },
  { name: 'a reader who writes by any kind of message', run: intrude },
  { name: 'a stateless message of a reader to all', run: broadcast },
  { name: "a writer's token of another user behind a reader's", run: changePerson },
];

/** Everything that leads to a hook: a request, an upgrade, a login, an edit, presence, a message, a goodbye. */
async function callEveryHook(ground: Ground) {
  const finding = new Finding();
  const address = `http://127.0.0.1:${ground.target.port}/`;
  await fetch(address, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
  const client = await ground.connect().catch(() => null);
  if (client !== null) {
    const login = [authFrame(ground.document, await ground.token()), step1Frame(ground.document)];
    await provoke(client, login, { awaited: 'quiet', withinMs: 100 });
    const presence = presenceFrame(ground.document, Uint8Array.of(1, 5, 1, 2, 0x7b, 0x7d));
    client.send(updateFrame(ground.document, honestUpdate('x')), presence, statelessFrame(ground.document, '{}'));
    await sleep(100);
    client.socket.terminate();
  }
  await sleep(100);
  finding.answered('nothing came of it');
  return finding;
}

async function resetUpgrades(ground: Ground) {
  const finding = new Finding();
  for (let round = 0; round < 10; round += 1) {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connectTcp(ground.target.port)));
    for (const socket of sockets) {
      socket.write(upgradeRequest(ground.target.port));
      setImmediate(() => socket.resetAndDestroy());
    }
    await sleep(20);
  }
  finding.answered('nothing came of it');
  return finding;
}

async function leaveAtOnce(ground: Ground) {
  const finding = new Finding();
  const token = await ground.token();
  for (let round = 0; round < 50; round += 1) {
    const client = await ground.connect();
    client.send(authFrame(ground.document, token), step1Frame(ground.document));
    client.socket.terminate();
  }
  await sleep(100);
  finding.answered('nothing came of it');
  return finding;
}

const STRANGE_REQUESTS: readonly string[] = [
  'GET //[ HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: [\r\n\r\n',
  'GET http://[::1 HTTP/1.1\r\nHost: a:b:c\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  `GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'POST /v1/documents HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
];

async function requestStrangely(ground: Ground) {
  const finding = new Finding();
  const upgrades = ['//[', '/%ff', '/y/%ff'].map((path) =>
    upgradeRequest(ground.target.port, { path, headers: { Host: '[' } }),
  );
  for (const request of [...STRANGE_REQUESTS, ...upgrades]) {
    const socket = await connectTcp(ground.target.port);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.write(request);
    await happens(() => answer !== '' || socket.destroyed, 1_000);
    const status = answer.split(' ')[1] ?? 'cut';
    finding.answered(status);
    finding.must(!status.startsWith('5'), `${status} to ${JSON.stringify(request.slice(0, 20))}`);
    socket.destroy();
  }
  return finding;
}

/** A token in an address is worth something to whoever reads the log. */
async function showToken(ground: Ground) {
  const finding = new Finding();
  const token = await ground.token();
  const before = ground.target.process().output().length;
  const paths = [
    `/?token=${token}`,
    `/collab?token=${token}`,
    `/y/${ground.document}?token=${token}`,
    `/v1?token=${token}`,
  ];
  for (const path of paths) {
    const socket = await connectTcp(ground.target.port);
    socket.write(upgradeRequest(ground.target.port, { path }));
    socket.write(rawGarbage());
    await sleep(30);
    socket.destroy();
  }
  const shown = ground.target.process().output().slice(before).includes(token);
  finding.answered(shown ? 'logged' : 'not logged');
  finding.must(!shown, 'the token is in the log');
  return finding;
}

function rawGarbage(): Uint8Array {
  return new Uint8Array(64).fill(0xff);
}

/** Somebody who goes on writing with what was valid a second ago. */
async function outstayToken(ground: Ground) {
  const finding = new Finding();
  const client = await ground.join({ expiresIn: 2 });
  await sleep(2_000);
  await expectNoWrite(ground, finding, client);
  return finding;
}

async function outstayGrant(ground: Ground) {
  const finding = new Finding();
  const client = await ground.join({ sub: 'demoted', role: 'viewer' });
  const owner = await mintToken({ sub: 'owner', role: 'admin' });
  const grant = `http://127.0.0.1:${ground.target.port}/v1/documents/${ground.document}/grants/user:demoted`;
  const given = await callRest(grant, { method: 'PUT', token: owner, body: { role: 'editor' } });
  finding.must(given.status < 300, `the grant was answered with ${given.status}`);
  await sleep(1_000);
  const frames = [step2Frame(ground.document), updateFrame(ground.document, honestUpdate('while allowed '))];
  await provoke(client, frames, 'answer');
  const isUp = await happens(() => client.count('sync-status') === 2, ground.target.answerMs);
  finding.must(isUp && readReply(client, 0).refused === 0, 'an upgrade takes longer than a second');
  await callRest(grant, { method: 'DELETE', token: owner });
  await sleep(1_000);
  await expectNoWrite(ground, finding, client);
  return finding;
}

async function expectNoWrite(ground: Ground, finding: Finding, client: Provoked): Promise<void> {
  await sleep(1_000);
  const reply = await provoke(client, [updateFrame(ground.document, honestUpdate('too late '))], {
    awaited: 'answer',
    withinMs: 600,
  });
  finding.answered(describeReply(reply));
  finding.must(reply.acknowledged === 0, 'acknowledged a second later');
  const text = await ground.readText();
  finding.must(!text.includes('too late'), 'written a second later');
}

async function intrude(ground: Ground) {
  const finding = new Finding();
  for (const frame of INTRUSIONS) {
    const client = await ground.join({ role: 'viewer' });
    const reply = await provoke(client, [frame(ground.document)], { awaited: 'quiet', withinMs: 150 });
    finding.answered(describeReply(reply));
    finding.must(reply.acknowledged === 0, 'acknowledged');
  }
  const text = await ground.readText();
  finding.must(!text.includes(INTRUSION), 'it reached the document');
  return finding;
}

async function broadcast(ground: Ground) {
  const finding = new Finding();
  const client = await ground.join({ role: 'viewer' });
  const from = ground.author.frames.length;
  client.send(statelessFrame(ground.document, INTRUSION), statelessFrame(ground.document, INTRUSION, 6));
  await sleep(200);
  const heard = ground.author.frames.slice(from).filter((frame) => frame.kind === 'stateless').length;
  finding.answered(`${heard} reached others`);
  finding.must(heard === 0, 'it reached others');
  return finding;
}

/** One socket belongs to one person; the second token must not lend its rights to the first. */
async function changePerson(ground: Ground) {
  const finding = new Finding();
  const client = await ground.join({ role: 'viewer' });
  const other = await ground.token({ sub: 'author', role: 'editor' });
  await provoke(client, [authFrame(ground.document, other)], 'quiet');
  const reply = await provoke(client, [updateFrame(ground.document, honestUpdate(INTRUSION))], {
    awaited: 'answer',
    withinMs: 400,
  });
  finding.answered(describeReply(reply));
  finding.must(reply.acknowledged === 0, 'acknowledged');
  return finding;
}
