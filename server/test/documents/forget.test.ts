import type { BlameView, HistoryView } from '@scriptorium/shared/history-schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerPast } from '../../src/content/history/answer-past.ts';
import { createDocumentPast } from '../../src/content/history/document-past.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { HistoryIndex } from '../../src/ports/history-index.ts';
import { createForgetInDocument, type ForgetDeps } from '../../src/workers/forget-in-document.ts';
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

describe('on SQLite and files', () => describeForgetting(() => openEmbeddedWorld()));

describe.skipIf(missing.postgres || missing.objectStore)('on PostgreSQL and a bucket', () =>
  describeForgetting(() => openClusterWorld()),
);

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
