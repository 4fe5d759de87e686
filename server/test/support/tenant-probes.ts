import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import { signToken } from '../node/test-node.ts';
import { authFrame, edit, frame, presenceFrame, syncFrame } from './probe-frames.ts';
import { accessRequests, contentRequests } from './probe-requests.ts';
import { createRandom, type Random } from './random.ts';
import {
  type Answer,
  call,
  type Call,
  type Loot,
  MARK,
  prepareVictim,
  readVictim,
  secretOf,
  VICTIM,
} from './tenant-loot.ts';

const SPY = 'beta';
/** Who opens documents over sockets makes some of the same names, so it is a tenant of its own. */
const CALLER = 'gamma';

export interface ProbeOptions {
  /** Of the nodes that serve the tenants; each probe picks one. */
  readonly ports: readonly [number, ...number[]];
  readonly seed: number;
  readonly count: number;
  readonly onProgress?: (done: number) => void;
}

export interface ProbeReport {
  readonly probes: number;
  readonly bySockets: number;
  readonly findings: readonly string[];
}

interface World {
  readonly ports: readonly number[];
  readonly random: Random;
  readonly loot: Loot;
  readonly spies: readonly string[];
  readonly callers: readonly string[];
  readonly oddTokens: readonly string[];
  readonly findings: string[];
}

/** Sends probes of one tenant at another, at random, and tells of each byte or change that came through. */
export async function probeTenants(options: ProbeOptions): Promise<ProbeReport> {
  const random = createRandom(options.seed);
  const admin = await signToken({ sub: 'root', tenant: VICTIM, role: 'admin' });
  const [home] = options.ports;
  const loot = await prepareVictim(home, admin);
  const before = await readVictim(home, admin, loot);
  // By the name of one of the victim's own users, which means nothing elsewhere.
  const spy = (role: string, tenant: string) => signToken({ sub: loot.users[0], tenant, role });
  const spies = await Promise.all(['admin', 'owner', 'viewer', 'none'].map((role) => spy(role, SPY)));
  const callers = await Promise.all([
    spy('viewer', SPY),
    spy('none', SPY),
    spy('admin', CALLER),
    spy('editor', CALLER),
  ]);
  // Not tenants at all, and none of them the victim.
  const odd: unknown[] = ['Alpha', ' alpha', 'alpha ', 'alpha/', 'alpha\u0000', ['alpha'], { alpha: 1 }, 0, ''];
  const oddTokens = await Promise.all(odd.map((tenant) => signToken({ sub: 'eve', tenant, role: 'admin' })));
  const world: World = { ports: options.ports, random, loot, spies, callers, oddTokens, findings: [] };
  let bySockets = 0;
  for (let done = 0; done < options.count; done += LANES) {
    const lanes = Array.from({ length: Math.min(LANES, options.count - done) }, async () => {
      if (!random.chance(0.3)) return probeRest(world);
      bySockets += 1;
      return probeSocket(world);
    });
    await Promise.all(lanes);
    options.onProgress?.(done);
  }
  const after = await readVictim(home, admin, loot);
  if (after !== before) world.findings.push(`the victim changed: ${before} became ${after}`);
  return { probes: options.count, bySockets, findings: world.findings };
}

const LANES = 16;

function pickCall({ random, loot }: World): { readonly make: (name: string) => Call; readonly name: string } {
  const pick = { random, loot };
  const makers = random.chance(0.5) ? accessRequests(pick) : contentRequests(pick);
  return { make: random.pick(makers), name: random.pick(loot.names) };
}

/** The request itself and the spy's own name hold the word, so only what stands in the answer besides that tells something. */
function tells(text: string, request: Call, self: string): boolean {
  const own = JSON.stringify(request) + decodeURIComponent(request[1]) + self;
  const words = withoutOwnTries(text, request, self).match(new RegExp(`${MARK}[\\w/-]*`, 'g')) ?? [];
  return words.some((word) => !own.includes(word));
}

/** The spies' own audit log rightly holds what they themselves tried by name; the victim refused nobody of its own. */
function withoutOwnTries(text: string, [, path]: Call, self: string): string {
  if (!path.startsWith('/v1/audit?') || !text.startsWith('{"entries":')) return text;
  const { entries, ...rest } = JSON.parse(text) as {
    readonly entries: readonly { readonly actor: string; readonly action: string }[];
  };
  const isOwnTry = (entry: (typeof entries)[number]): boolean =>
    entry.actor === self && ['document.refuse', 'user.revoke'].includes(entry.action);
  return JSON.stringify({ ...rest, entries: entries.filter((entry) => !isOwnTry(entry)) });
}

async function probeRest(world: World): Promise<void> {
  const { random, findings, loot } = world;
  const port = random.pick(world.ports);
  const { make, name } = pickCall(world);
  const request = make(name);
  const isOdd = random.chance(0.15);
  const withLink = !isOdd && random.chance(0.15);
  const bare = random.pick(isOdd ? world.oddTokens : world.spies);
  const token = withLink ? `${bare}~${random.pick(loot.linkSecrets)}` : bare;
  const answer = await call(port, token, request);
  const what = `${request[0]} ${request[1]}`;
  const self = loot.users[0] ?? '';
  if (tells(answer.text, request, self) || tells(answer.headers, request, self))
    findings.push(`${what} told ${answer.text.slice(0, 1_000)}`);
  // The other tenant's link says that it is one of another tenant, as any bad credential does.
  if ((isOdd || withLink) && answer.status !== 401) findings.push(`${what} was let in with ${answer.status}`);
  if (answer.status >= 500) findings.push(`${what} was answered with ${answer.status}`);
  const isAboutName = request[1].startsWith('/v1/documents/') && !isOdd && !withLink;
  if (isAboutName) await compareWithDecoy(world, { port, token, request, name, answer });
}

/** A name that the other tenant has is answered as one that nobody has. */
async function compareWithDecoy(
  { findings }: World,
  probe: {
    readonly port: number;
    readonly token: string;
    readonly request: Call;
    readonly name: string;
    readonly answer: Answer;
  },
): Promise<void> {
  const decoy = probe.name.replace('/doc', '/nobody');
  const [method, path, ...rest] = probe.request;
  const swapped = path.replaceAll(encodeURIComponent(probe.name), encodeURIComponent(decoy));
  const other = await call(probe.port, probe.token, [method, swapped, ...rest]);
  const plain = (text: string, name: string): string =>
    text.replaceAll(name, 'NAME').replaceAll(encodeURIComponent(name), 'NAME');
  if (other.status !== probe.answer.status || plain(other.text, decoy) !== plain(probe.answer.text, probe.name))
    findings.push(`${method} ${path} differs from a name that nobody has: ${probe.answer.text} and ${other.text}`);
}

/** Connects, shows a token of one's own, and asks for the victim's documents by every address that could lead there. */
async function probeSocket({ ports, random, loot, callers, oddTokens, findings }: World): Promise<void> {
  const name = random.pick(loot.names);
  const address = random.pick([
    name,
    `${VICTIM}/${name}`,
    `${VICTIM}:${name}`,
    `${name}\u0000${VICTIM}`,
    `${VICTIM}\u0000${name}`,
    `own\u0000${name}`,
    `../${VICTIM}/${name}`,
  ]);
  const token = random.pick(random.chance(0.8) ? callers : oddTokens);
  const socket = new WebSocket(`ws://127.0.0.1:${random.pick(ports)}/collab`);
  const heard: Buffer[] = [];
  socket.on('message', (bytes: Buffer) => heard.push(bytes));
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('open', () => resolve());
    socket.once('close', () => resolve());
  });
  const target = random.chance(0.5) ? name : address;
  const frames = [
    authFrame(address, token),
    syncFrame(target, 0, Uint8Array.of(0)),
    syncFrame(target, random.pick([1, 2]), edit('of eve')),
    frame(target, FRAME_TYPE.queryAwareness, () => undefined),
    presenceFrame(target),
    frame(target, FRAME_TYPE.stateless, (encoder) =>
      encoding.writeVarString(encoder, '{"type":"scriptorium.probe","id":1}'),
    ),
  ];
  if (socket.readyState === WebSocket.OPEN) for (const bytes of frames) socket.send(bytes);
  // Answers to all of it come in order; a ping behind it comes back when they have.
  await new Promise<void>((resolve) => {
    socket.once('pong', () => resolve());
    socket.once('close', () => resolve());
    if (socket.readyState === WebSocket.OPEN) socket.ping();
    else resolve();
    setTimeout(resolve, 5_000).unref();
  });
  await new Promise<void>((resolve) => setTimeout(resolve, 20));
  socket.terminate();
  const secret = Buffer.concat(heard).toString('latin1').includes(secretOf(name));
  if (secret) findings.push(`a socket with ${JSON.stringify(address)} was sent what is in ${name}`);
}
