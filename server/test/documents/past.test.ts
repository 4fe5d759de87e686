import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlameView, DiffView, HistoryView } from '@scriptorium/shared/history-schemas';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { answerPast, type PastQuestion } from '../../src/content/history/answer-past.ts';
import { createPastThread } from '../../src/content/history/answer-in-thread.ts';
import { createDocumentPast } from '../../src/content/history/document-past.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { encodeLogRow } from '../../src/core/log-row.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { createRandom } from '../support/random.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { TraceReplay, writerOf, type WrittenCharacter } from '../support/trace-replay.ts';
import { hasTrace, TRACE_NAMES, traceUpdates } from '../support/traces.ts';
import { type DocumentNode, openDocumentNode } from './document-node.ts';

const POINTS = process.env['FULL'] === '1' ? 200 : 25;
/** Updates in a row, as a flush would make it. */
const UPDATES_PER_ROW = 16;

let directory: TemporaryDirectory;
let node: DocumentNode;
let flush = 0;

beforeEach(async () => {
  directory = createTemporaryDirectory('past');
  node = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

function openPast(answer: (question: PastQuestion) => Promise<Uint8Array> = async (it) => answerPast(it)) {
  return createDocumentPast({ ...node, answer });
}

async function append(record: DocumentRecord, updates: readonly Uint8Array[], at: number): Promise<void> {
  const segments = updates.map((update) => ({ actor: writerOf(update), updates: [update] }));
  const entries = [{ documentId: record.id, epoch: record.epoch, payload: encodeLogRow(segments), bindings: [] }];
  flush += 1;
  const [result] = await node.log.append({ incarnation: 'past', flush, at, retry: false, entries });
  expect(result?.kind).toBe('stored');
}

/** Folds, archives and drops, so that rows lie in segments and only the last ones in the log. */
async function moveIntoSegments(record: DocumentRecord): Promise<void> {
  await node.compactor.compact(record.id);
  await node.archiver.archive(record.id, true);
  await node.upkeep.removeRows(record.id, { upTo: 1e9, before: Date.now() + 1_000, limit: 100_000 });
}

const read = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

interface SeenCharacter {
  readonly sign: string;
  readonly author: string | undefined;
  readonly kind: string;
}

function charactersOf({ roots }: Pick<DiffView, 'roots'>): readonly SeenCharacter[] {
  return (roots['text'] ?? []).flatMap(({ text, by, kind }) =>
    Array.from(String(text), (sign) => ({ sign, author: by?.author, kind })),
  );
}

const signs = (characters: readonly { readonly sign: string }[]): string => characters.map(({ sign }) => sign).join('');

function textOf(state: Uint8Array): string {
  const document = new Y.Doc();
  Y.applyUpdate(document, state);
  return document.getText('text').toJSON();
}

for (const name of TRACE_NAMES) {
  if (!hasTrace(name)) process.stderr.write(`SKIPPED: no recorded session ${name}; set TEST_FIXTURES to its folder\n`);
}

describe.each(TRACE_NAMES)('the recorded session %s', (name) => {
  // Under CI a missing recording fails instead.
  test.skipIf(!hasTrace(name) && process.env['CI'] === undefined)(
    '[VERS1] at random rows text, authors and differences are those of an independent replay, wherever the rows are',
    { timeout: 600_000 },
    async () => {
      const { updates, endContent } = traceUpdates(name);
      const record = await node.create('trace');
      const replay = new TraceReplay('text');
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = createRandom(seed);
      const rows = Math.ceil(updates.length / UPDATES_PER_ROW);
      const points = new Set(Array.from({ length: POINTS }, () => 1 + random.below(rows)).concat(rows));
      const expected = new Map<number, readonly WrittenCharacter[]>([[0, []]]);
      for (let seq = 1; seq <= rows; seq += 1) {
        const row = updates.slice((seq - 1) * UPDATES_PER_ROW, seq * UPDATES_PER_ROW);
        for (const update of row) replay.apply(update, writerOf(update));
        await append(record, row, 1_000 * seq);
        if (points.has(seq)) expected.set(seq, replay.characters());
        if (seq % 400 === 0) await moveIntoSegments(record);
      }
      expect(await node.log.readRows(record.id, 0, 1)).not.toMatchObject([{ seq: 1 }]);
      const past = openPast();
      let [from, before]: [number, readonly WrittenCharacter[]] = [0, []];
      for (const [seq, characters] of expected) {
        const context = `seed ${seed}, rows ${from} to ${seq}`;
        expect(textOf(await past.stateAt(record, seq)), context).toBe(signs(characters));
        const blame = charactersOf(read<BlameView>(await past.blame(record, seq)));
        expect(
          blame.map(({ sign, author }) => ({ sign, author })),
          context,
        ).toEqual(characters);
        const diff = charactersOf(read<DiffView>(await past.diff(record, { from, to: seq, format: 'json' })));
        expect(signs(diff.filter(({ kind }) => kind !== 'inserted')), context).toBe(signs(before));
        const after = diff.filter(({ kind }) => kind !== 'deleted');
        expect(signs(after), context).toBe(signs(characters));
        const wrong = after.filter((it, at) => it.kind === 'inserted' && it.author !== characters[at]?.author);
        expect(wrong, context).toEqual([]);
        expect(
          diff.filter((it) => it.kind === 'deleted' && it.author === undefined),
          context,
        ).toEqual([]);
        [from, before] = [seq, characters];
      }
      expect(signs(before)).toBe(endContent);
    },
  );
});

/** A document of so many rows of one letter each; those up to `archived` are in a segment and nowhere else. */
async function newDocument(rows: number, archived: number): Promise<DocumentRecord> {
  const record = await node.create(`d${Math.random().toString(36).slice(2)}`);
  const document = new Y.Doc();
  document.clientID = 7;
  for (let seq = 1; seq <= rows; seq += 1) {
    const before = Y.encodeStateVector(document);
    document.getText('text').insert(seq - 1, String.fromCodePoint(96 + seq));
    await append(record, [Y.encodeStateAsUpdate(document, before)], 60_000 * seq);
    if (seq === archived) await moveIntoSegments(record);
  }
  return { ...record, head: rows };
}

function damageSegments(): void {
  const root = join(directory.path, 'snapshots');
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!name.includes('segment-')) continue;
    const file = join(root, name);
    const bytes = readFileSync(file);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
}

test('[VERS2] where rows are lost, states that need them are refused, authors unknown, and the history says so', async () => {
  const record = await newDocument(10, 6);
  damageSegments();
  const past = openPast();
  await expect(past.stateAt(record, 4)).rejects.toMatchObject({ code: 'document-quarantined' });
  await expect(past.diff(record, { from: 2, to: 8, format: 'json' })).rejects.toMatchObject({
    code: 'document-quarantined',
  });
  // A snapshot has the text of what nobody can say the author of.
  expect(textOf(await past.stateAt(record, 8))).toBe('abcdefgh');
  expect(charactersOf(read<BlameView>(await past.blame(record, 8))).map(({ sign, author }) => [sign, author])).toEqual([
    ...Array.from('abcdef', (sign) => [sign, undefined]),
    ['g', 'person 7'],
    ['h', 'person 7'],
  ]);
  const history = read<HistoryView>(await past.sittings(record, { after: 0, upTo: 10, pause: 60_000 }));
  expect(history).toMatchObject({ unreadable: [{ fromSeq: 1, toSeq: 6 }], sittings: [{ fromSeq: 7, inserted: 4 }] });
});

test('[VERS2] a damaged segment whose rows are still in the log costs nothing', async () => {
  const record = await newDocument(9, 0);
  await node.compactor.compact(record.id);
  await node.archiver.archive(record.id, true);
  damageSegments();
  expect(textOf(await openPast().stateAt(record, 5))).toBe('abcde');
});

test('[VERS9] a long past is answered in a thread, as it would be at once, and states are remembered', async () => {
  const record = await newDocument(24, 20);
  const questions: PastQuestion[] = [];
  const thread = createPastThread({ clock: createSystemClock() });
  const { ConversionThread } = await import('../../src/content/convert-in-thread.ts');
  const direct = new ConversionThread({ clock: createSystemClock(), deadline: 60_000, queueMax: 10 });
  const past = openPast(async (question) => {
    questions.push(question);
    const answer = await direct.run(question);
    expect(answer).toEqual(await thread.answer(question));
    return answer as Uint8Array;
  });
  expect(textOf(await past.stateAt(record, 22))).toBe('abcdefghijklmnopqrstuv');
  const [one, other] = await Promise.all([past.stateAt(record, 23), past.stateAt(record, 23)]);
  expect(one).toBe(other);
  await past.stateAt(record, 23);
  expect(questions).toHaveLength(2);
  // The second one began where the first one ended.
  expect(questions[1]).toMatchObject({ base: { seq: 22 } });
  expect(await past.stateAt(record, 0)).toEqual(Y.encodeStateAsUpdate(new Y.Doc()));
  await direct.close();
  await thread.drain(0);
});
