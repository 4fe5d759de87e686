import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { answerPast } from '../../src/content/history/answer-past.ts';
import { createDocumentPast } from '../../src/content/history/document-past.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { EditBase, Written } from '../../src/ports/document-writer.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createRandom } from '../support/random.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { TraceReplay } from '../support/trace-replay.ts';
import { hasTrace, traceUpdates } from '../support/traces.ts';
import { type DocumentNode, openDocumentNode } from './document-node.ts';
import { NOBODY, textOf, typeInto } from './document-typing.ts';

const POINTS = process.env['FULL'] === '1' ? 200 : 20;

let directory: TemporaryDirectory;
let node: DocumentNode;

beforeEach(async () => {
  directory = createTemporaryDirectory('restore');
  node = await openDocumentNode(directory.path);
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

function openPast() {
  return createDocumentPast({ ...node, answer: (question) => Promise.resolve(answerPast(question)) });
}

async function restore(record: DocumentRecord, seq: number) {
  const [head] = await node.log.readHeads([record.id]);
  const past = openPast();
  const target = await past.stateAt({ ...record, head: head?.head ?? 0 }, seq);
  return edit(record, ({ state, clientId }) => past.restore({ base: state, target, clientId }));
}

function edit(record: DocumentRecord, compose: (base: EditBase) => Promise<Uint8Array | null>): Promise<Written<null>> {
  return node.documentWriter.write(
    { record, tombstone: null },
    {
      user: 'eve',
      precondition: { kind: 'none' },
      compose: async (base) => ({ update: await compose(base), result: null }),
    },
  );
}

describe('[VERS22] a restore in an open document', () => {
  test('is a row behind all others, by who asked for it, and everybody sees it', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['one ', 'two ', 'three '] });
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    room.attach(session);
    expect(await restore(record, 2)).toEqual({ epoch: 1, seq: 4, changed: true, result: null });
    expect(await textOf(node, record)).toBe('one two ');
    await expect.poll(() => session.received.length).toBeGreaterThan(0);
    const blame = JSON.parse(
      new TextDecoder().decode(await openPast().diff({ ...record, head: 4 }, { from: 3, to: 4, format: 'json' })),
    ) as {
      roots: { t: object[] };
    };
    expect(blame.roots.t).toMatchObject([
      { kind: 'same' },
      { kind: 'deleted', text: 'three ', by: { author: 'eve', seq: 4 } },
    ]);
    expect(await restore(record, 2)).toMatchObject({ seq: 4, changed: false });
    expect(await restore(record, 3)).toMatchObject({ seq: 5, changed: true });
    expect(await textOf(node, record)).toBe('one two three ');
    room.detach(session);
    node.rooms.release(room);
  });

  test('keeps what somebody types in that moment', async () => {
    const record = await node.create('a');
    await typeInto(node, record, { texts: ['one ', 'two '] });
    const past = openPast();
    const target = await past.stateAt({ ...record, head: 2 }, 1);
    const outcome = await edit(record, async ({ state, clientId }) => {
      await typeInto(node, record, { texts: ['late'], client: 9 });
      return past.restore({ base: state, target, clientId });
    });
    expect(outcome).toMatchObject({ seq: 4, changed: true });
    expect(await textOf(node, record)).toBe('one late');
  });

  test('that the gate refuses changes nothing', async () => {
    const record = await node.create('a');
    const broken = edit(record, () => Promise.resolve(new Uint8Array([1, 2, 3])));
    await expect(broken).rejects.toMatchObject({ code: 'malformed-update' });
    expect(await textOf(node, record)).toBe('');
  });
});

test.skipIf(!hasTrace('friendsforever') && process.env['CI'] === undefined)(
  '[VERS22] at random points of a recorded session a restore gives the text of an independent replay',
  { timeout: 600_000 },
  async () => {
    const { updates } = traceUpdates('friendsforever');
    const record = await node.create('trace');
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = createRandom(seed);
    const PER_ROW = 64;
    const rows = Math.ceil(updates.length / PER_ROW);
    const points = new Set(Array.from({ length: POINTS }, () => 1 + random.below(rows)));
    const replay = new TraceReplay('text');
    const expected = new Map<number, string>();
    const room = await node.rooms.open(record.id, NOBODY);
    const session = createTestSession('ada');
    for (let seq = 1; seq <= rows; seq += 1) {
      for (const update of updates.slice((seq - 1) * PER_ROW, seq * PER_ROW)) {
        replay.apply(update, 'ada');
        expect(receiveUpdate(room, session, { bytes: update, via: 'update' }).kind).toBe('accepted');
      }
      await room.whenDurable();
      expect(room.position.seq).toBe(seq);
      if (points.has(seq))
        expected.set(
          seq,
          replay
            .characters()
            .map(({ sign }) => sign)
            .join(''),
        );
    }
    for (const [seq, text] of [...expected].toSorted(() => random.below(3) - 1)) {
      const { seq: at } = await restore(record, seq);
      const document = new Y.Doc();
      Y.applyUpdate(document, room.committed.merged());
      expect(document.getText('text').toJSON(), `seed ${seed}, row ${seq} restored as ${at}`).toBe(text);
    }
    expect(room.position.seq).toBeGreaterThan(rows);
    node.rooms.release(room);
  },
);
