import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, Finding } from '../support/attack.ts';
import type { Ground } from '../support/ground.ts';
import { happens } from '../support/reply.ts';
import { encodePresence, presenceBytes, type PresenceClaim, presenceFrame, readPresence } from './presence-frames.ts';

/** What a state may hold, and how deep. */
const STATE_BYTES = 4 * 1024;

function claimMany(from: number, count: number, state = '{}'): PresenceClaim[] {
  return Array.from({ length: count }, (_, index) => ({ client: from + index, clock: 1, state }));
}

/** B3: presence that lies, and too much of it. */
export const PRESENCE: readonly Attack[] = [
  {
    name: '100,000 clients in one message',
    async run(ground) {
      const finding = new Finding();
      const attacker = await ground.join({ role: 'viewer' });
      const from = ground.author.frames.length;
      attacker.send(presenceFrame(ground.document, encodePresence(claimMany(1_000, 100_000))));
      await sleep(300);
      const heard = [...readPresence(ground.author, from).keys()].length;
      finding.answered(`${heard} shown, ${presenceBytes(ground.author, from)} bytes`);
      finding.must(heard <= 8, `${heard} clients shown to everybody`);
      return finding;
    },
  },
  { name: 'five times 20,000 clients that leave again', run: comeAndGo },
  { name: 'a state of 10 MB', run: (ground) => showTooMuch(ground, JSON.stringify({ note: 'x'.repeat(10_000_000) })) },
  {
    name: 'a state a little over 4 KB',
    run: (ground) => showTooMuch(ground, JSON.stringify({ note: 'x'.repeat(STATE_BYTES) })),
  },
  ...[4_376, 33].map((depth): Attack => ({
    name: `a state nested ${depth} deep`,
    run: (ground) => showTooMuch(ground, `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  })),
  { name: "a reader's forgery of somebody's cursor", run: impersonate },
  { name: "a name of somebody else in one's own state", run: borrowName },
  { name: 'a goodbye, told to the others', run: sayGoodbye },
  { name: '5,000 cursor movements', run: moveAround },
];

async function comeAndGo(ground: Ground) {
  const finding = new Finding();
  for (let round = 0; round < 5; round += 1) {
    const attacker = await ground.join({ role: 'viewer' });
    attacker.send(presenceFrame(ground.document, encodePresence(claimMany(1e6 * (round + 1), 20_000))));
    await sleep(30);
    attacker.socket.terminate();
  }
  await sleep(100);
  const newcomer = await ground.join({ sub: 'grace', role: 'viewer' });
  await sleep(100);
  const bytes = presenceBytes(newcomer);
  finding.answered(`${bytes} bytes to a newcomer`);
  finding.must(bytes < 1_000, `${bytes} bytes of presence to a newcomer`);
  return finding;
}

/** A state that is shown to nobody. */
async function showTooMuch(ground: Ground, state: string) {
  const finding = new Finding();
  const attacker = await ground.join();
  const from = ground.author.frames.length;
  attacker.send(presenceFrame(ground.document, encodePresence([{ client: 77, clock: 1, state }])));
  await sleep(300);
  const shown = readPresence(ground.author, from).get(77)?.state.length ?? 0;
  finding.answered(shown === 0 ? 'shown to nobody' : `${shown} bytes shown`);
  finding.must(shown === 0, 'shown to everybody');
  return finding;
}

/** The victim is in the document; the attacker may only read, knows the victim's id, and is far ahead of its clock. */
async function impersonate(ground: Ground) {
  const finding = new Finding();
  const { clientID: victim } = ground.authored;
  const observer = await ground.join({ sub: 'grace', role: 'viewer' });
  const announce = (clock: number, state: string) =>
    presenceFrame(ground.document, encodePresence([{ client: victim, clock, state }]));
  ground.author.send(announce(1, '{"at":"start"}'));
  await happens(() => readPresence(observer).has(victim), ground.target.answerMs);

  const attacker = await ground.join({ role: 'viewer' });
  attacker.send(announce(2 ** 40, '{"at":"forged"}'));
  await sleep(150);
  finding.must(!readState(observer, victim).includes('forged'), 'the observer sees the forgery');
  ground.author.send(announce(2, '{"at":"later"}'));
  const isHeard = await happens(() => readState(observer, victim).includes('later'), ground.target.answerMs);
  finding.must(isHeard, "the victim's own updates are ignored");
  attacker.socket.terminate();
  await sleep(100);
  finding.must(!readState(observer, victim).includes('forged'), 'the forgery stays when the attacker is gone');
  finding.answered(isHeard ? 'shown as the victim says' : readState(observer, victim));
  return finding;
}

/** Under an own id, which nobody can forbid; but who somebody is, the server says. */
async function borrowName(ground: Ground) {
  const finding = new Finding();
  const attacker = await ground.join();
  const state = JSON.stringify({ user: { id: 'author', name: 'author' } });
  attacker.send(presenceFrame(ground.document, encodePresence([{ client: 77, clock: 1, state }])));
  await happens(() => readPresence(ground.author).has(77), ground.target.answerMs);
  const shown = readState(ground.author, 77);
  finding.answered(shown);
  finding.must(!shown.includes('"id":"author"'), 'shown under the id of another user');
  return finding;
}

async function sayGoodbye(ground: Ground) {
  const finding = new Finding();
  const leaver = await ground.join();
  const say = (clock: number, state: string) =>
    leaver.send(presenceFrame(ground.document, encodePresence([{ client: 77, clock, state }])));
  say(1, '{"at":1}');
  await happens(() => readPresence(ground.author).has(77), ground.target.answerMs);
  say(2, 'null');
  const isTold = await happens(() => readState(ground.author, 77) === 'null', ground.target.answerMs);
  finding.answered(isTold ? 'told' : 'not told');
  finding.must(isTold, 'the others are not told');
  return finding;
}

async function moveAround(ground: Ground) {
  const finding = new Finding();
  const attacker = await ground.join();
  const from = ground.author.frames.length;
  const movements = Array.from({ length: 5_000 }, (_, index) =>
    presenceFrame(ground.document, encodePresence([{ client: 77, clock: index + 1, state: `{"at":${index}}` }])),
  );
  attacker.send(...movements);
  await sleep(1_000);
  const frames = ground.author.frames.slice(from).filter((frame) => frame.kind === 'awareness').length;
  finding.answered(`${frames} frames to the others`);
  finding.must(frames <= 60, `${frames} frames to each of the others`);
  return finding;
}

function readState(observer: Parameters<typeof readPresence>[0], client: number): string {
  return readPresence(observer).get(client)?.state ?? '';
}
