import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as Y from 'yjs';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import { createPastThread } from '../src/content/history/answer-in-thread.ts';
import { createDocumentPast } from '../src/content/history/document-past.ts';
import { encodeLogRow } from '../src/core/log-row.ts';
import { rowSum } from '../src/rooms/checksum.ts';
import { openDocumentNode } from './documents/document-node.ts';
import { createTemporaryDirectory } from './support/temporary-directory.ts';
import { tracePath } from './support/traces.ts';

/**
 * Prints how long a state at a random row of a long history takes on the embedded store, in time that passes.
 * `node server/test/history-benchmark.ts [edits]`
 *
 * Expected before the first run: with checkpoints a p95 of about 200 ms (merging at most 16,384 rows takes 90 ms, reading
 * three segments 20 ms, crossing to the thread and back little); without them about a second.
 */

const edits = Number(process.argv[2] ?? 260_000);
const ASKED = 60;
/** What a compactor that keeps up folds at a time. */
const FOLD = 4_000;

const directory = createTemporaryDirectory('history-benchmark');
const node = await openDocumentNode(directory.path, { inlineSegmentBytes: 1e6, inlineSnapshotBytes: 1e7 });
const record = { ...(await node.create('long')), head: edits };
await fill();
const thread = createPastThread({ clock: createSystemClock() });
await measure('state at a random row, nothing remembered', () =>
  createDocumentPast({ ...node, answer: thread.answer }).stateAt(record, Math.floor(Math.random() * edits)),
);
const past = createDocumentPast({ ...node, answer: thread.answer });
await measure('state at a random row', () => past.stateAt(record, Math.floor(Math.random() * edits)));
const pause = 900_000;
await measure('a page of the history', () => past.sittings(record, { after: edits - 10_000, upTo: edits, pause }), 10);
await measure('blame of the newest row', () => past.blame(record, edits), 5);
await thread.drain(0);
await node.close();
directory.remove();

async function fill(): Promise<void> {
  const rows: { seq: number; at: number; payload: Uint8Array; sum: Uint8Array }[] = [];
  let stored = 0;
  const store = async (): Promise<void> => {
    const values = rows.splice(0).map((row) => ({ ...row, document_id: record.id, writer: 1, flush: row.seq }));
    for (let at = 0; at < values.length; at += 500)
      await node.database
        .insertInto('log_rows')
        .values(values.slice(at, at + 500))
        .execute();
    stored += values.length;
    await node.database
      .updateTable('document_heads')
      .set({ head: stored, tail_bytes: 1e6 })
      .where('document_id', '=', record.id)
      .execute();
    await node.compactor.compact(record.id);
    await node.archiver.archive(record.id, false);
  };
  for (const { actor, update } of typing(edits)) {
    const payload = encodeLogRow([{ actor, updates: [update] }]);
    const seq = stored + rows.length + 1;
    rows.push({ seq, at: 1_000 * seq, payload, sum: rowSum(payload) });
    if (rows.length === FOLD) await store();
  }
  if (rows.length > 0) await store();
  const kept = await node.snapshotIndex.list(record.id);
  process.stdout.write(
    `${stored} rows, ${kept.length} snapshots of ${kept.reduce((sum, it) => sum + it.bytes, 0)} bytes\n`,
  );
}

/** A recorded session over and over, by two people in one text. */
function* typing(count: number): Generator<{ readonly actor: string; readonly update: Uint8Array }> {
  const { txns } = JSON.parse(gunzipSync(readFileSync(tracePath('friendsforever'))).toString()) as {
    readonly txns: readonly {
      readonly agent: number;
      readonly patches: readonly (readonly [number, number, string])[];
    }[];
  };
  const people = [new Y.Doc(), new Y.Doc()] as const;
  const made: { actor: string; update: Uint8Array }[] = [];
  for (const [index, person] of people.entries()) {
    person.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'relay') return;
      made.push({ actor: `person ${index}`, update });
      Y.applyUpdate(people[1 - index] ?? person, update, 'relay');
    });
  }
  for (let at = 0, sent = 0; sent < count; at += 1) {
    const { agent = 0, patches = [] } = txns[at % txns.length] ?? {};
    const person = people[agent % 2] ?? people[0];
    const text = person.getText('text');
    person.transact(() => {
      for (const [position, deleted, inserted] of patches) {
        const place = Math.min(position, text.length);
        if (deleted > 0) text.delete(place, Math.min(deleted, text.length - place));
        if (inserted !== '') text.insert(place, inserted);
      }
    });
    for (const edit of made.splice(0)) {
      if (sent < count) yield edit;
      sent += 1;
    }
  }
}

async function measure(name: string, run: () => Promise<unknown>, times = ASKED): Promise<void> {
  const spent: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const start = performance.now();
    await run();
    spent.push(performance.now() - start);
  }
  spent.sort((a, b) => a - b);
  const at = (share: number): string =>
    (spent[Math.min(spent.length - 1, Math.floor(share * spent.length))] ?? 0).toFixed(0);
  process.stdout.write(`${name}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms\n`);
}
