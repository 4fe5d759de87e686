import * as Y from 'yjs';
import { honestUpdate } from '../../support/bad-updates.ts';
import { step1Frame, updateFrame } from '../../support/frames.ts';
import { type Attack, Finding, hold } from '../support/attack.ts';
import type { Ground } from '../support/ground.ts';
import { describeReply, happens, provoke, readReply } from '../support/reply.ts';
import {
  deleteFuture,
  HOSTILE_UPDATES,
  hugeStateVector,
  manyGaps,
  manyKeystrokes,
  occupyClocks,
} from './hostile-updates.ts';

/** B2: updates that hold more, or other things, than any editor writes. */
export const UPDATES: readonly Attack[] = [
  ...HOSTILE_UPDATES.map(({ name, make, sentence, times = 1 }): Attack => ({
    name,
    async run(ground) {
      const finding = new Finding();
      const frames = [updateFrame(ground.document, make())];
      const clients = await Promise.all(Array.from({ length: times }, () => ground.join()));
      await Promise.all(clients.map((client) => hold(finding, client, { frames, sentence })));
      return finding;
    },
  })),
  { name: 'the next clocks of somebody else', run: squat },
  { name: 'the deletion of all that somebody will write', run: deleteAhead },
  {
    name: '2,000 gaps',
    async run(ground) {
      const finding = new Finding();
      const frames = manyGaps(2_000).map((update) => updateFrame(ground.document, update));
      await hold(finding, await ground.join(), { frames, sentence: 'not acknowledged' });
      return finding;
    },
  },
  {
    name: 'thirty edits on top of a gap of delete ranges',
    async run(ground) {
      const finding = new Finding();
      const client = await ground.join();
      client.send(updateFrame(ground.document, deleteFuture(99)));
      const edits = Array.from({ length: 30 }, () => updateFrame(ground.document, honestUpdate('edit ')));
      const reply = await provoke(client, edits, 'quiet');
      finding.answered(describeReply(reply));
      return finding;
    },
  },
  {
    name: 'a state vector of a million entries',
    async run(ground) {
      const finding = new Finding();
      await hold(finding, await ground.join(), {
        frames: [step1Frame(ground.document, hugeStateVector())],
        sentence: 'closed',
      });
      return finding;
    },
  },
  { name: '20,000 keystrokes at once', run: typeVeryFast },
];

/** Types at the end of the author's text, and tells what became of it. */
async function typeAsAuthor(ground: Ground, words: string) {
  const before = Y.encodeStateVector(ground.authored);
  const text = ground.authored.getText('text');
  text.insert(text.length, words);
  const update = Y.encodeStateAsUpdate(ground.authored, before);
  return provoke(ground.author, [updateFrame(ground.document, update)], 'answer');
}

/** The attacker fills the author's next clocks, so that the next words seem to be known already. */
async function squat(ground: Ground) {
  const finding = new Finding();
  const { clientID } = ground.authored;
  const clock = Y.getState(ground.authored.store, clientID);
  const attack = await provoke(
    await ground.join(),
    [updateFrame(ground.document, occupyClocks(clientID, clock))],
    'answer',
  );
  const reply = await typeAsAuthor(ground, ' WORLD');
  finding.answered(`to the attacker ${describeReply(attack)}, to the author ${describeReply(reply)}`);
  const kept = await happensInText(ground, 'WORLD');
  finding.must(kept || reply.acknowledged === 0, 'the words of the author are acknowledged and lost');
  finding.must(reply.acknowledged + reply.refused > 0, 'the author is told nothing');
  return finding;
}

async function deleteAhead(ground: Ground) {
  const finding = new Finding();
  const attacker = await ground.join();
  const honest = new Y.Doc();
  const writer = await ground.join({ sub: 'grace' });
  honest.getText('grace').insert(0, 'A');
  await provoke(writer, [updateFrame(ground.document, Y.encodeStateAsUpdate(honest))], 'answer');
  const reply = await provoke(attacker, [updateFrame(ground.document, deleteFuture(honest.clientID))], 'quiet');
  finding.must(reply.acknowledged === 0, 'acknowledged');
  const before = Y.encodeStateVector(honest);
  honest.getText('grace').insert(1, 'future');
  const answer = await provoke(writer, [updateFrame(ground.document, Y.encodeStateAsUpdate(honest, before))], 'answer');
  finding.answered(`${describeReply(reply)}, to the victim ${describeReply(answer)}`);
  const text = await ground.readText('grace');
  finding.must(
    text.includes('future') || answer.acknowledged === 0,
    'what is written later is acknowledged and deleted',
  );
  return finding;
}

async function happensInText(ground: Ground, words: string): Promise<boolean> {
  const text = await ground.readText();
  return text.includes(words);
}

/** What is acknowledged of it must be there; the rest is still in the network, since nobody reads it. */
async function typeVeryFast(ground: Ground) {
  const finding = new Finding();
  const client = await ground.join();
  const from = client.frames.length;
  client.send(...manyKeystrokes(20_000).map((update) => updateFrame(ground.document, update)));
  await happens(() => readReply(client, from).acknowledged >= 20_000, 1_000);
  const { acknowledged } = readReply(client, from);
  const { length } = await ground.readText('typed');
  finding.answered(`${acknowledged} acks`);
  finding.must(length >= acknowledged, `${acknowledged} acknowledged, ${length} there`);
  return finding;
}
