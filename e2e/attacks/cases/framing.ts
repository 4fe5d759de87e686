import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as encoding from 'lib0/encoding';
import { authFrame, encodeFrame, statelessFrame, step1Frame, step2Frame, updateFrame } from '../../support/frames.ts';
import { honestUpdate } from '../../support/bad-updates.ts';
import { type Attack, Finding, hold } from '../support/attack.ts';
import type { Ground } from '../support/ground.ts';
import { describeReply, provoke } from '../support/reply.ts';

const NO_FRAMES: readonly [string, Uint8Array][] = [
  ['an empty frame', new Uint8Array(0)],
  ['a truncated varint', Uint8Array.of(0x80)],
  ['an endless varint', new Uint8Array(12).fill(0xff)],
  ['a huge name', varUints(2 ** 40, 0, 0)],
  ['a name that is no UTF-8', Uint8Array.of(2, 0xc3, 0x28, 0, 0, 1, 0)],
];

/** Frames that no client sends before it has said who it is. */
const BEFORE_LOGIN: readonly ((document: string) => Uint8Array)[] = [
  (document) => updateFrame(document, honestUpdate('uninvited')),
  (document) =>
    encodeFrame(document, FRAME_TYPE.awareness, (encoder) => encoding.writeVarUint8Array(encoder, Uint8Array.of(0))),
  (document) => statelessFrame(document, 'uninvited'),
  (document) => statelessFrame(document, 'uninvited', FRAME_TYPE.close),
];

const VIOLATIONS: readonly [string, (document: string) => Uint8Array][] = [
  ['a truncated body', (document) => updateFrame(document, new Uint8Array(40)).slice(0, -10)],
  ['an unknown kind of sync', (document) => encodeFrame(document, FRAME_TYPE.sync, writeAll(9, 0))],
  ['a huge length', (document) => encodeFrame(document, FRAME_TYPE.sync, writeAll(SYNC_TYPE.update, 2 ** 50))],
  ['a bad state vector', (document) => step1Frame(document, Uint8Array.of(5, 1))],
  ['presence that is no JSON', (document) => presenceFrame(document, '{"half":')],
  ['frame type 99', (document) => encodeFrame(document, 99)],
  ['frame type 2^50', (document) => encodeFrame(document, 2 ** 50)],
];

/** B1: bytes that are no frames, frames that nobody sends, and how often one may try. */
export const FRAMING: readonly Attack[] = [
  {
    name: 'bytes that are no frame',
    async run(ground) {
      const finding = new Finding();
      for (const [, frame] of NO_FRAMES) {
        await hold(finding, await ground.connect(), { frames: [frame], sentence: 'closed' });
      }
      return finding;
    },
  },
  {
    name: 'a text frame',
    async run(ground) {
      const finding = new Finding();
      const client = await ground.connect();
      client.socket.send('hello');
      await hold(finding, client, { frames: [], sentence: 'closed' });
      return finding;
    },
  },
  {
    name: 'frame type 99 before the login',
    async run(ground) {
      const finding = new Finding();
      const frames = [encodeFrame(ground.document, 99)];
      await hold(finding, await ground.connect(), { frames, sentence: 'closed' });
      return finding;
    },
  },
  { name: 'frames before the login', run: (ground) => sendUninvited(ground, 1, 'not acknowledged') },
  { name: '5 MB of frames before the login', run: (ground) => sendUninvited(ground, 1_000, 'closed') },
  ...VIOLATIONS.map(([name, frame]): Attack => ({
    name: `${name} after the login`,
    async run(ground) {
      const finding = new Finding();
      await hold(finding, await ground.join(), { frames: [frame(ground.document)], sentence: 'closed' });
      return finding;
    },
  })),
  { name: 'violations and logins in turn on one socket', run: violateAgainAndAgain },
  { name: 'a second token that is bad', run: sendBadToken },
  ...(['an empty', 'a garbage'] as const).map((kind): Attack => ({
    name: `${kind} update`,
    async run(ground) {
      const finding = new Finding();
      const bytes = kind === 'an empty' ? new Uint8Array(0) : Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 1);
      const frames = [updateFrame(ground.document, bytes)];
      await hold(finding, await ground.join(), { frames, sentence: 'refused, then closed' });
      return finding;
    },
  })),
  { name: 'violations without end, and the log', run: fillTheLog },
];

async function sendUninvited(ground: Ground, times: number, sentence: 'closed' | 'not acknowledged') {
  const finding = new Finding();
  const client = await ground.connect();
  const honest = times === 1 ? [] : [updateFrame(ground.document, honestUpdate('x'.repeat(5_000)))];
  const frames = [...BEFORE_LOGIN.map((make) => make(ground.document)), ...honest];
  await hold(finding, client, { frames: Array.from({ length: times }, () => frames).flat(), sentence });
  const text = await ground.readText();
  finding.must(!text.includes('uninvited'), 'it reached the document');
  return finding;
}

/** On a stock server a violation ends the session and not the socket, on which the next login follows at once. */
async function violateAgainAndAgain(ground: Ground) {
  const finding = new Finding();
  const client = await ground.connect();
  const token = await ground.token();
  const deadline = performance.now() + 800;
  let rounds = 0;
  while (client.end === null && performance.now() < deadline) {
    rounds += 1;
    const login = [authFrame(ground.document, token), step1Frame(ground.document), step2Frame(ground.document)];
    await provoke(client, login, { awaited: 'answer', withinMs: 300 });
    await provoke(client, [encodeFrame(ground.document, FRAME_TYPE.sync, writeAll(9, 0))], {
      awaited: 'close',
      withinMs: 5,
    });
  }
  finding.answered(client.end === null ? `${rounds} violations taken` : `close ${client.end.code}`);
  finding.must(rounds <= 5, 'violations go on on one socket');
  return finding;
}

async function sendBadToken(ground: Ground) {
  const finding = new Finding();
  const client = await ground.join();
  const reply = await provoke(client, [authFrame(ground.document, 'garbage')], 'close or denial');
  finding.answered(describeReply(reply));
  finding.must(reply.end !== null || reply.denied.length > 0, 'ignored');
  const after = await provoke(client, [updateFrame(ground.document, honestUpdate('after'))], {
    awaited: 'answer',
    withinMs: 400,
  });
  finding.must(after.acknowledged === 0, 'writes on');
  return finding;
}

async function fillTheLog(ground: Ground) {
  const finding = new Finding();
  const before = ground.target.process().output();
  const deadline = performance.now() + 1_000;
  let violations = 0;
  for (; performance.now() < deadline; violations += 1) {
    const client = await ground.join();
    await provoke(client, [updateFrame(ground.document, Uint8Array.of(1, 2, 3))], { awaited: 'close', withinMs: 50 });
    client.socket.terminate();
  }
  await sleep(100);
  const output = ground.target.process().output();
  const lines = output.slice(before.length).split('\n').length - 1;
  finding.answered(`${lines} lines for ${violations} violations`);
  finding.must(lines <= 10, `${lines} lines in the log for ${violations} violations`);
  return finding;
}

/** A presence update of one client. */
function presenceFrame(document: string, state: string): Uint8Array {
  const update = encoding.createEncoder();
  for (const value of [1, 77, 1]) encoding.writeVarUint(update, value);
  encoding.writeVarString(update, state);
  return encodeFrame(document, FRAME_TYPE.awareness, (encoder) =>
    encoding.writeVarUint8Array(encoder, encoding.toUint8Array(update)),
  );
}

function writeAll(...values: readonly number[]): (encoder: encoding.Encoder) => void {
  return (encoder) => {
    for (const value of values) encoding.writeVarUint(encoder, value);
  };
}

function varUints(...values: readonly number[]): Uint8Array {
  const encoder = encoding.createEncoder();
  writeAll(...values)(encoder);
  return encoding.toUint8Array(encoder);
}
