import { setTimeout as sleep } from 'node:timers/promises';
import { type AckTap, tapAcknowledgements } from './ack-tap.ts';
import type { Child } from './child-process.ts';
import { type HocuspocusClient, openHocuspocus } from './hocuspocus-client.ts';
import type { SeededRandom } from './seeded-random.ts';

const CLIENTS = 4;
const ROOT_NAME = 'markers';

/** A server that can be killed and started again on what it stored. */
export interface CrashSubject {
  readonly collabUrl: string;
  readonly token: (client: number) => Promise<string>;
  start(): Promise<Child>;
}

export interface CrashPlan {
  readonly rounds: number;
  readonly document: string;
  readonly random: SeededRandom;
  /** The kill comes at a random moment within this time after the first keystroke. */
  readonly killWithinMs: number;
  /** How the server ends; SIGKILL unless given. */
  readonly stop?: (server: Child) => Promise<void>;
}

export interface CrashOutcome {
  readonly rounds: number;
  readonly typed: number;
  readonly acknowledged: number;
  /** Acknowledged markers that the reloaded document did not hold. */
  readonly lost: readonly string[];
}

interface Typist {
  readonly client: HocuspocusClient;
  readonly tap: AckTap;
  readonly markers: string[];
}

/**
 * Four clients type unique markers into one document, the server is killed with SIGKILL at a random moment, started
 * again, and a fresh client that never saw the document must read every acknowledged marker, of all rounds so far.
 */
export async function runCrashRounds(subject: CrashSubject, plan: CrashPlan): Promise<CrashOutcome> {
  const acknowledged: string[] = [];
  const lost = new Set<string>();
  let typed = 0;
  let server = await subject.start();
  for (let round = 0; round < plan.rounds; round += 1) {
    const typists = await openTypists(subject, plan.document);
    const killAt = performance.now() + plan.random.next() * plan.killWithinMs;
    await typeUntil(killAt, { typists, round, random: plan.random });
    await (plan.stop ?? kill)(server);
    for (const { tap, markers, client } of typists) {
      typed += markers.length;
      acknowledged.push(...markers.slice(0, tap.acknowledged));
      // A client that stayed would bring its edits back by itself and hide a loss.
      client.destroy();
    }
    server = await subject.start();
    const reloaded = new Set(await readMarkers(subject, plan.document));
    for (const marker of acknowledged) if (!reloaded.has(marker)) lost.add(marker);
  }
  await server.kill();
  return { rounds: plan.rounds, typed, acknowledged: acknowledged.length, lost: [...lost] };
}

function kill(server: Child): Promise<void> {
  return server.kill();
}

async function openTypists(subject: CrashSubject, document: string): Promise<Typist[]> {
  const typists: Typist[] = [];
  for (let index = 0; index < CLIENTS; index += 1) {
    const client = openHocuspocus({ url: subject.collabUrl, document, token: await subject.token(index) });
    typists.push({ client, tap: tapAcknowledgements(client.provider), markers: [] });
  }
  await Promise.all(typists.map(({ client }) => client.ready()));
  return typists;
}

interface TypingRun {
  readonly typists: readonly Typist[];
  readonly round: number;
  readonly random: SeededRandom;
}

async function typeUntil(killAt: number, run: TypingRun): Promise<void> {
  while (performance.now() < killAt) {
    const index = run.random.below(CLIENTS);
    const typist = run.typists[index];
    if (typist === undefined) throw new Error('no such typist');
    const marker = `${run.round}.${index}.${typist.markers.length}`;
    typist.markers.push(marker);
    const text = typist.client.doc.getText(ROOT_NAME);
    text.insert(text.length, `${marker} `);
    await sleep(run.random.below(6));
  }
}

async function readMarkers(subject: CrashSubject, document: string): Promise<string[]> {
  const reader = openHocuspocus({ url: subject.collabUrl, document, token: await subject.token(0) });
  await reader.ready();
  const markers = reader.doc.getText(ROOT_NAME).toString().split(' ');
  reader.destroy();
  return markers;
}
