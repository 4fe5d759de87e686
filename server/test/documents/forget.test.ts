import type { BlameView, HistoryView } from '@scriptorium/shared/history-schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerPast } from '../../src/content/history/answer-past.ts';
import { createDocumentPast } from '../../src/content/history/document-past.ts';
import { decodeLogRow, encodeLogRow } from '../../src/core/log-row.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { HistoryIndex, HistorySegment } from '../../src/ports/history-index.ts';
import { readLog } from '../../src/rooms/read-log.ts';
import { createForgetInDocument, type ForgetDeps } from '../../src/workers/forget-in-document.ts';
import { packSegment } from '../../src/workers/pack-segment.ts';
import { removeNow } from '../contracts/store-under-test.ts';
import { missing } from '../services/shared-services.ts';
import { findDangling } from '../support/stored-objects.ts';
import {
  ADA,
  BOB,
  ORDER,
  openClusterWorld,
  openEmbeddedWorld,
  type PersonWorld,
  PSEUDONYM,
  shareDocument,
  shareOldDocument,
} from './person-world.ts';

describe('on SQLite and files', () => {
  describeForgetting(() => openEmbeddedWorld());
});

describe.skipIf(missing.postgres || missing.objectStore)('on PostgreSQL and a bucket', () => {
  describeForgetting(() => openClusterWorld());
});

const read = <T>(bytes: Uint8Array): T => JSON.parse(new TextDecoder().decode(bytes)) as T;

/** Who wrote each stretch of a document, and who sat at it. */
async function readAuthors(
  node: PersonWorld['node'],
  record: DocumentRecord,
  history: HistoryIndex = node.history,
): Promise<{ readonly text: string; readonly authors: readonly unknown[] }> {
  const [head] = await node.log.readHeads([record.id]);
  const past = createDocumentPast({ ...node, history, answer: async (question) => answerPast(question) });
  const now = { ...record, epoch: head!.epoch, head: head!.head };
  const blame = read<BlameView>(await past.blame(now, now.head));
  const sittings = read<HistoryView>(await past.sittings(now, { after: 0, upTo: now.head, pause: 1 }));
  const parts = blame.roots['text'] ?? [];
  return {
    text: parts.map(({ text }) => text).join(''),
    authors: [...parts.map(({ by }) => by?.author), ...sittings.sittings.map(({ author }) => author)],
  };
}

function describeForgetting(open: () => Promise<PersonWorld>): void {
  let world: PersonWorld;
  beforeAll(async () => void (world = await open()));
  afterAll(() => world.close());
  const forget = (document: DocumentRecord, deps: Partial<ForgetDeps> = {}) =>
    createForgetInDocument({ ...world.deps, ...deps })({ ...ORDER, document });
  const epochOf = async (record: DocumentRecord) => (await world.node.log.readHeads([record.id]))[0]?.epoch;

  test('[HOOK248] a person is nowhere in any table, segment or object any more, and the others are', async () => {
    const { record, text } = await shareOldDocument(world);
    const where = await world.find(ADA);
    expect(new Set(where.map((it) => it.replace(/.*segment-.*/, 'object')))).toEqual(
      new Set([
        'log_rows.payload',
        ...where.filter((it) => it.startsWith('log_rows_')),
        'history_segments.content',
        'client_bindings.user_id',
        'quarantined_rows.payload',
        'object',
      ]),
    );
    const before = await readAuthors(world.node, record);
    const forgotten = await forget(record);
    expect(forgotten).toEqual({ rows: 10, segments: 2, bindings: 1 });
    expect(await world.find(ADA)).toEqual([]);
    expect((await world.find(BOB)).length).toBeGreaterThan(3);
    expect(await findDangling(world.node, record.id)).toEqual([]);
    const after = await readAuthors(world.node, record);
    expect(after).toEqual({
      text,
      authors: before.authors.map((author) => (author === ADA ? PSEUDONYM : author)),
    });
    expect(after.authors).toContain(PSEUDONYM);
  });

  test('[HOOK249] where there is nothing of a person nothing is changed, and rooms stay', async () => {
    const shared = await shareDocument(world.node);
    for (let index = 0; index < 9; index += 1) await shared.write(BOB, `${index} and ${ADA} is only mentioned `);
    await shared.archive(false);
    const room = await world.node.rooms.open(shared.record.id, new Map());
    const replace = () => Promise.reject(new Error('nothing is to be replaced'));
    const authorship = { ...world.deps.authorship, replace, rebind: replace, replaceSetAside: replace };
    expect(await forget(shared.record, { authorship })).toEqual({ rows: 0, segments: 0, bindings: 0 });
    expect([await epochOf(shared.record), room.discarded]).toEqual([1, false]);
    world.node.rooms.release(room);
    // What they wrote is content, and that is not taken here.
    await removeNow({ catalog: world.node.catalog }, shared.record);
    for (let done = false; !done;) {
      done = await world.node.upkeep.purge(shared.record.id, { limit: 100, at: 0 });
    }
    await world.node.sweeper.sweep();
    expect(await world.find(ADA)).toEqual([]);
  });

  test('[HOOK246] who reads the past while segments are replaced gets all of it', async () => {
    const { node } = world;
    const { record, text } = await shareOldDocument(world);
    let forgotten: Promise<unknown> | null = null;
    const history: HistoryIndex = {
      ...node.history,
      list: async (...range) => {
        const listed = await node.history.list(...range);
        // What was listed is not there any more when it is read.
        await (forgotten ??= forget(record));
        return listed;
      },
    };
    const seen = await readAuthors(node, record, history);
    expect([seen.text, seen.authors.includes(ADA)]).toEqual([text, false]);
    expect(seen.authors).toContain(PSEUDONYM);
  });

  test('[HOOK246] so does who reads rows, a room that lags behind for one', async () => {
    const { node } = world;
    const { record } = await shareOldDocument(world);
    const forgotten: Promise<unknown>[] = [];
    const history: HistoryIndex = {
      ...node.history,
      list: async (...range) => {
        const listed = await node.history.list(...range);
        if (forgotten.length === 0) forgotten.push(forget(record));
        await Promise.all(forgotten);
        return listed;
      },
    };
    const actors: string[] = [];
    for await (const page of readLog({ ...node, history }, record.id, { after: 0, upTo: 3 })) {
      if (page.kind === 'lost') throw new Error(`rows ${page.fromSeq} to ${page.toSeq} are lost`);
      actors.push(...page.rows.flatMap(({ payload }) => decodeLogRow(payload).map(({ actor }) => actor)));
    }
    expect(actors).toEqual([PSEUDONYM, BOB, PSEUDONYM]);
  });

  test('[HOOK245] an object of rows that nothing names goes if it names the person, and only then', async () => {
    const { node } = world;
    const { record } = await shareDocument(node);
    const pack = (user: string) => {
      const payload = encodeLogRow([{ actor: user, updates: [new Uint8Array(2)] }]);
      const run = { tenant: record.tenant, documentId: record.id, rows: [{ seq: 1, at: 1, payload }] };
      return packSegment({ ...node, inlineSegmentBytes: 0 }, run);
    };
    const [hers, his] = [await pack(ADA), await pack(BOB)];
    await appendOne(record);
    expect(await forget(record)).toEqual({ rows: 0, segments: 0, bindings: 0 });
    const isThere = async ({ place }: HistorySegment) =>
      place.kind === 'object' && (await node.snapshots.get(place.key)) !== null;
    expect([await isThere(hers), await isThere(his)]).toEqual([false, true]);
    expect(await node.history.publish(record.id, hers, 1)).toBe(false);
    expect(await node.history.publish(record.id, his, 1)).toBe(true);
  });

  test('[HOOK249] a document at rest is looked at in five statements', async () => {
    const { record } = await shareDocument(world.node);
    let statements = 0;
    const count = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get: (target, method) => {
          statements += 1;
          return Reflect.get(target, method, target) as unknown;
        },
      });
    const { authorship, history, register, snapshots } = world.deps;
    const [counted, objects] = [count(authorship), count(snapshots)];
    await forget(record, {
      authorship: counted,
      history: count(history),
      register: count(register),
      snapshots: objects,
    });
    expect(statements).toBe(5);
  });

  async function appendOne({ id }: DocumentRecord): Promise<void> {
    const payload = encodeLogRow([{ actor: BOB, updates: [new Uint8Array(2)] }]);
    const entries = [{ documentId: id, epoch: 1, payload, bindings: [] }];
    const batch = { incarnation: `one ${id}`, flush: 1, at: 1, retry: false, entries };
    expect(await world.node.log.append(batch)).toEqual([{ kind: 'stored', seq: 1 }]);
  }

  test('[HOOK248] so it is in a deleted document that was not emptied yet', async () => {
    const { node } = world;
    const { record } = await shareOldDocument(world);
    await removeNow({ catalog: node.catalog }, record);
    expect(await forget(record)).toEqual({ rows: 10, segments: 2, bindings: 1 });
    expect(await world.find(ADA)).toEqual([]);
    expect(await forget(record)).toEqual({ rows: 0, segments: 0, bindings: 0 });
  });

  test('[HOOK248] many rows, many clientIDs and many segments go in batches', async () => {
    const { node, deps } = world;
    const shared = await shareDocument(node);
    for (let part = 0; part < 18; part += 1) {
      await shared.write(ADA, 'part ');
      await shared.archive();
    }
    for (let index = 0; index < 150; index += 1) await shared.write(ADA, 'a');
    const bindings = Array.from({ length: 200 }, (_, index) => ({ client: 1_000 + index, user: ADA }));
    const entries = [{ documentId: shared.record.id, epoch: 1, payload: null, bindings }];
    await node.log.append({ incarnation: 'many', flush: 1, at: 1, retry: false, entries });
    const sizes: number[] = [];
    const replace: ForgetDeps['authorship']['replace'] = async (documentId, change) => {
      sizes.push(change.rows.length);
      return deps.authorship.replace(documentId, change);
    };
    const forgotten = await forget(shared.record, { authorship: { ...deps.authorship, replace } });
    expect(forgotten).toEqual({ rows: 150, segments: 18, bindings: 201 });
    expect(Math.max(...sizes)).toBe(64);
    expect([await world.find(ADA), await epochOf(shared.record)]).toEqual([[], 2]);
    const { text } = await readAuthors(node, shared.record);
    expect(text).toBe(shared.text);
  });

  test('[HOOK249] a segment that cannot be read is said, and nothing is told to be done', async () => {
    const { node } = world;
    const { record } = await shareOldDocument(world);
    const snapshots = { put: node.snapshots.put, get: async () => null, remove: node.snapshots.remove };
    await expect(forget(record, { snapshots })).rejects.toMatchObject({ code: 'document-quarantined' });
    await forget(record);
    expect(await world.find(ADA)).toEqual([]);
  });

  test('[HOOK249] so is a person who goes on writing', async () => {
    const shared = await shareDocument(world.node);
    await shared.write(ADA, 'first ');
    const replace: ForgetDeps['authorship']['replace'] = async (...change) => {
      const isDone = await world.deps.authorship.replace(...change);
      await shared.write(ADA, 'more ');
      return isDone;
    };
    const authorship = { ...world.deps.authorship, replace };
    await expect(forget(shared.record, { authorship })).rejects.toMatchObject({ code: 'overloaded' });
    await forget(shared.record);
    expect(await world.find(ADA)).toEqual([]);
  });

  test('[HOOK247] it ends between two steps when it is told to, and goes on when it is called again', async () => {
    const { record } = await shareOldDocument(world);
    const reason = new Error('the node goes away');
    const ending = new AbortController();
    const replace: ForgetDeps['authorship']['replace'] = async (...change) => {
      const isDone = await world.deps.authorship.replace(...change);
      ending.abort(reason);
      return isDone;
    };
    const authorship = { ...world.deps.authorship, replace };
    const order = { ...ORDER, document: record, signal: ending.signal };
    await expect(createForgetInDocument({ ...world.deps, authorship })(order)).rejects.toBe(reason);
    expect((await world.find(ADA)).length).toBeGreaterThan(0);
    await forget(record);
    expect(await world.find(ADA)).toEqual([]);
  });

  test('[HOOK249] a person without an id, or with the pseudonym for one, is nobody', async () => {
    const { record } = await shareDocument(world.node);
    const run = createForgetInDocument(world.deps);
    for (const subject of ['', PSEUDONYM]) {
      await expect(run({ ...ORDER, subject, document: record })).rejects.toBeInstanceOf(TypeError);
    }
  });
}
