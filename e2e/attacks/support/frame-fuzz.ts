import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import * as Y from 'yjs';
import { createHonestWorld } from '../../../server/test/support/honest-updates.ts';
import { mutateUpdate } from '../../../server/test/support/mutations.ts';
import { createRandom, type Random } from '../../../server/test/support/random.ts';
import {
  authFrame,
  encodeFrame,
  handshakeFrames,
  statelessFrame,
  step1Frame,
  step2Frame,
  syncReplyFrame,
  updateFrame,
} from '../../support/frames.ts';
import { type RawClient, connectRaw } from '../../support/raw-client.ts';
import { encodePresence, type PresenceClaim, presenceFrame, readPresence } from '../cases/presence-frames.ts';
import { happens, provoke } from './reply.ts';

/** Frames that one seed sends, and how many go out together. */
const FRAMES = 240;
const TOGETHER = 12;
const STATE_BYTES = 16 * 1024;

export interface FuzzPlace {
  readonly url: string;
  readonly token: string;
}

/** Sends mutated frames of one seed, signing in anew whenever the server has had enough; returns how many it sent. */
export async function fuzzFrames({ url, token }: FuzzPlace, seed: number): Promise<number> {
  const random = createRandom(seed);
  const document = `fuzz/${seed % 50}`;
  const honest = collectFrames(document, token, seed);
  let client = await signIn(url, document, token);
  let sent = 0;
  while (sent < FRAMES) {
    if (client.end !== null) client = await signIn(url, document, token);
    const frames = Array.from({ length: TOGETHER }, () => makeFrame(honest, random));
    client.send(...frames);
    sent += frames.length;
    await happens(() => client.end !== null, 3);
  }
  client.socket.terminate();
  return sent;
}

function makeFrame(honest: readonly Uint8Array[], random: Random): Uint8Array {
  const frame = random.pick(honest);
  return random.chance(0.15) ? frame : mutateUpdate(frame, random.pick(honest), random);
}

/** One of each kind of frame, and some of those that matter. */
function collectFrames(document: string, token: string, seed: number): readonly Uint8Array[] {
  const world = createHonestWorld(seed, 2);
  const updates = Array.from({ length: 12 }, () => world.step().map(({ bytes }) => bytes)).flat();
  world.destroy();
  const presence = encodePresence([{ client: seed, clock: 1, state: '{"cursor":{"anchor":1}}' }]);
  return [
    ...updates.map((update) => updateFrame(document, update)),
    ...updates.slice(0, 4).flatMap((update) => [step2Frame(document, update), syncReplyFrame(document, 2, update)]),
    step1Frame(document),
    step1Frame(document, Y.encodeStateVector(new Map([[seed, 7]]))),
    presenceFrame(document, presence),
    encodeFrame(document, FRAME_TYPE.queryAwareness),
    statelessFrame(document, '{"type":"scriptorium.probe","id":1}'),
    statelessFrame(document, 'words', FRAME_TYPE.broadcastStateless),
    statelessFrame(document, 'goodbye', FRAME_TYPE.close),
    authFrame(document, token),
    authFrame(`${document}\0session`, token),
    Uint8Array.of(FRAME_TYPE.ping),
  ];
}

async function signIn(url: string, document: string, token: string): Promise<RawClient> {
  const client = await connectRaw(url);
  await provoke(client, handshakeFrames(document, token), { awaited: 'answer', withinMs: 5_000 });
  return client;
}

/** Sends mutated presence of one seed while somebody looks on; returns what the onlooker should not have seen. */
export async function fuzzPresence({ url, token }: FuzzPlace, seed: number): Promise<readonly string[]> {
  const random = createRandom(seed);
  const document = `presence/${seed % 50}`;
  const onlooker = await signIn(url, document, token);
  let client = await signIn(url, document, token);
  for (let sent = 0; sent < FRAMES; sent += TOGETHER) {
    if (client.end !== null) client = await signIn(url, document, token);
    const frames = Array.from({ length: TOGETHER }, () => {
      const [one, other] = [makePresence(random), makePresence(random)];
      return presenceFrame(document, random.chance(0.3) ? one : mutateUpdate(one, other, random));
    });
    client.send(...frames);
    await happens(() => client.end !== null, 3);
  }
  const problems = judgePresence(onlooker).map((problem) => `seed ${seed}: ${problem}`);
  for (const { socket } of [client, onlooker]) socket.terminate();
  return problems;
}

const STATES = [
  'null',
  '{}',
  '{"user":{"name":"x"}}',
  '[]',
  '1',
  `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
  '{"__proto__":1}',
];

function makePresence(random: Random): Uint8Array {
  const claims = Array.from({ length: 1 + random.below(3) }, (): PresenceClaim => ({
    client: random.pick([1, 77, 2 ** 32 - 1, 2 ** 53 - 1]),
    clock: random.pick([0, 1, 2, 100, 2 ** 32, 2 ** 53 - 1]),
    state: random.pick(STATES),
  }));
  return encodePresence(claims);
}

function judgePresence(onlooker: RawClient): string[] {
  if (onlooker.end !== null) return [`who looks on was cut off with ${onlooker.end.code}`];
  const problems: string[] = [];
  for (const { client, state } of readPresence(onlooker).values()) {
    if (state.length > STATE_BYTES) problems.push(`client ${client} is shown with ${state.length} bytes`);
    const parsed: unknown = parse(state);
    if (parsed === undefined) problems.push(`client ${client} is shown with what is no JSON`);
  }
  return problems;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
