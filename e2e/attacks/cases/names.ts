import { setTimeout as sleep } from 'node:timers/promises';
import { honestUpdate } from '../../support/bad-updates.ts';
import { authFrame, step1Frame, updateFrame } from '../../support/frames.ts';
import { mintToken } from '../../support/tokens.ts';
import { type Attack, Finding } from '../support/attack.ts';
import { type Ground, HONEST } from '../support/ground.ts';
import { describeReply, happens, provoke } from '../support/reply.ts';

const MB = 1_000_000;

/** Names that no document should have, or that only look like another. */
const STRANGE_NAMES: readonly string[] = [
  '../../etc/passwd',
  'notes/../secret',
  'a\r\nSet-Cookie: b',
  'a\u202Eb',
  'a\u200Bb',
  'caf\u00E9',
  'cafe\u0301',
  'canary ',
  ' canary',
  '__proto__',
  'a//b',
  '/a',
  'x'.repeat(64_000),
];

/** Names that an object has by itself; ordinary ones for a document. */
const INHERITED_NAMES = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'] as const;

/** B4: names, many documents, and what one may do before one is let in. */
export const NAMES: readonly Attack[] = [
  {
    name: 'names that only look like names',
    async run(ground) {
      const finding = new Finding();
      for (const name of STRANGE_NAMES) await refuseName(ground, finding, name);
      return finding;
    },
  },
  { name: 'a name of 5 MB', run: (ground) => openLongName(ground, 5 * MB) },
  { name: 'a name of 60 MB', run: (ground) => openLongName(ground, 60 * MB) },
  {
    name: 'names that every object has',
    async run(ground) {
      const finding = new Finding();
      for (const name of INHERITED_NAMES) {
        const client = await ground.connect();
        const token = await mintToken({ sub: 'mallory', role: 'editor' });
        client.send(authFrame(name, token), step1Frame(name));
        const isOpen = await happens(() => client.count('step2') > 0 || client.end !== null, ground.target.answerMs);
        finding.answered(client.end === null ? (isOpen ? 'opened' : 'silence') : `close ${client.end.code}`);
        finding.must(client.count('step2') > 0, `${name} cannot be opened`);
        client.socket.terminate();
      }
      return finding;
    },
  },
  { name: 'another name behind a zero byte', run: hideName },
  {
    name: 'no name',
    async run(ground) {
      const finding = new Finding();
      const client = await ground.connect();
      const reply = await provoke(client, [authFrame('', await mintToken({ sub: 'mallory' }))], 'close or denial');
      finding.answered(describeReply(reply));
      finding.must(client.count('authenticated') === 0, 'authenticated first');
      finding.must(reply.end !== null || reply.denied.length > 0, 'not refused');
      return finding;
    },
  },
  { name: '5,000 sessions of one document on one socket', run: openManySessions },
  { name: '10,000 documents on one socket', run: openManyDocuments },
  { name: '20,000 guesses of a token on one socket', run: guessTokens },
  { name: "another tenant's document without a login", run: peekWithoutLogin },
  { name: "another tenant's document, with a token of one's own", onlyOurs: true, run: peekWithLogin },
];

async function refuseName(ground: Ground, finding: Finding, name: string): Promise<void> {
  const client = await ground.connect();
  const token = await mintToken({ sub: 'mallory', role: 'editor' });
  const reply = await provoke(client, [authFrame(name, token), step1Frame(name)], 'close, denial or login');
  finding.answered(describeReply(reply));
  const isRefused = reply.end !== null || reply.denied.length > 0;
  finding.must(isRefused, `${JSON.stringify(name.slice(0, 16))} is a document`);
  client.socket.terminate();
}

async function openLongName(ground: Ground, length: number) {
  const finding = new Finding();
  await refuseName(ground, finding, 'n'.repeat(length));
  return finding;
}

/** Whoever looks at one part only lets somebody write into the other. */
async function hideName(ground: Ground) {
  const finding = new Finding();
  const client = await ground.connect();
  const token = await mintToken({ sub: 'mallory', role: null, documents: { mine: 'editor' } });
  for (const address of [`mine\0${ground.document}`, `${ground.document}\0mine`, `mine\0other-tenant/doc`]) {
    const frames = [authFrame(address, token), step1Frame(address), updateFrame(address, honestUpdate('hidden'))];
    const reply = await provoke(client, frames, 'close, denial or login');
    finding.answered(describeReply(reply));
    const isOpen = client.frames.some((frame) => frame.kind === 'authenticated' && frame.address === address);
    finding.must(!isOpen, `${JSON.stringify(address)} is let in`);
  }
  const text = await ground.readText();
  finding.must(text.trim() === HONEST, 'it reached the document');
  return finding;
}

async function openManySessions(ground: Ground) {
  const finding = new Finding();
  const client = await ground.connect();
  const token = await ground.token();
  const answers = () => client.count('authenticated') + client.count('permission-denied');
  const deadline = performance.now() + 1_500;
  for (let batch = 0; batch < 100 && client.end === null && performance.now() < deadline; batch += 1) {
    const addresses = Array.from({ length: 50 }, (_, index) => `${ground.document}\0s${50 * batch + index}`);
    client.send(...addresses.flatMap((address) => [authFrame(address, token), step1Frame(address)]));
    await happens(() => answers() >= 50 * (batch + 1) || client.end !== null, 500);
  }
  const from = client.frames.length;
  ground.author.send(updateFrame(ground.document, honestUpdate('to all ')));
  await sleep(250);
  const echoes = client.frames.slice(from).filter((frame) => frame.kind === 'update').length;
  const end = client.end === null ? '' : `, close ${client.end.code}`;
  finding.answered(`${client.count('authenticated')} sessions, ${echoes} frames for one update${end}`);
  finding.must(echoes <= 50, `${echoes} frames for one update`);
  return finding;
}

async function openManyDocuments(ground: Ground) {
  const finding = new Finding();
  const client = await ground.connect();
  const token = await mintToken({ sub: 'mallory', role: 'editor' });
  const answers = () => client.count('authenticated') + client.count('permission-denied');
  const deadline = performance.now() + 1_500;
  for (let batch = 0; batch < 200 && client.end === null && performance.now() < deadline; batch += 1) {
    const names = Array.from({ length: 50 }, (_, index) => `many/${50 * batch + index}`);
    client.send(...names.flatMap((name) => [authFrame(name, token), step1Frame(name)]));
    await happens(() => answers() >= 50 * (batch + 1) || client.end !== null, 500);
  }
  const opened = client.count('authenticated');
  finding.answered(`${opened} documents${client.end === null ? '' : `, close ${client.end.code}`}`);
  finding.must(opened <= 50, `${opened} documents on one socket`);
  return finding;
}

async function guessTokens(ground: Ground) {
  const finding = new Finding();
  const client = await ground.connect();
  for (let batch = 0; batch < 200 && client.end === null; batch += 1) {
    client.send(
      ...Array.from({ length: 100 }, (_, index) => authFrame(ground.document, `guess-${batch}-${index}.a.b`)),
    );
    await sleep(2);
  }
  await happens(() => client.end !== null, ground.target.answerMs);
  const tried = client.count('permission-denied') + client.count('authenticated');
  finding.answered(`${tried} tried, ${client.end === null ? 'open' : `close ${client.end.code}`}`);
  finding.must(client.end !== null, 'stays open');
  finding.must(tried <= 5, `${tried} guesses on one socket`);
  return finding;
}

async function peekWithoutLogin(ground: Ground) {
  const finding = new Finding();
  const client = await ground.connect();
  const own = `${ground.document}-own`;
  const token = await ground.token({}, own);
  client.send(step1Frame(ground.document), authFrame(own, token), step1Frame(own), step1Frame(ground.document));
  await sleep(300);
  const leaked = client.frames.filter((frame) => frame.address === ground.document && frame.kind === 'step2');
  finding.answered(leaked.length === 0 ? 'nothing of it' : 'its content');
  finding.must(leaked.length === 0, 'its content is sent');
  return finding;
}

async function peekWithLogin(ground: Ground) {
  const finding = new Finding();
  const stranger = await ground.connect();
  const token = await mintToken({ sub: 'mallory', tenant: 'elsewhere', role: 'owner' });
  for (const address of [ground.document, `default/${ground.document}`]) {
    const frames = [authFrame(address, token), step1Frame(address)];
    await provoke(stranger, frames, 'close, denial or login');
  }
  const bytes = Buffer.concat(stranger.frames.map((frame) => frame.bytes)).toString('latin1');
  finding.answered('nothing of it');
  finding.must(!bytes.includes(HONEST), 'its content is sent');
  return finding;
}
