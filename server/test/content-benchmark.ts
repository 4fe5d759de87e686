import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import * as Y from 'yjs';
import { replaceContent } from '../src/content/edit/replace-content.ts';
import { collectAuthorship, type HistoryRow } from '../src/content/history/authorship.ts';
import { blameState } from '../src/content/history/diff-states.ts';
import { mergeRows } from '../src/content/history/merge-rows.ts';
import { parseMarkdown } from '../src/content/markdown/parse-markdown.ts';
import { renderMarkdown } from '../src/content/markdown/render-markdown.ts';
import { parseJson } from '../src/content/parse-json.ts';
import { renderJson } from '../src/content/render-json.ts';
import { hasTrace, tracePath } from './support/traces.ts';

/** Prints what conversions, edits and the history cost, in processor time. `node server/test/content-benchmark.ts` */

const EMPTY = Y.encodeStateAsUpdate(new Y.Doc());
const out = (line: string): void => void process.stdout.write(`${line}\n`);

function measure(name: string, run: () => unknown, times = 40): void {
  const spent: number[] = [];
  for (let round = 0; round < times; round += 1) {
    // Of this thread, so that what else runs on the machine does not count.
    const start = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(start);
    spent.push((user + system) / 1000);
  }
  spent.sort((a, b) => a - b);
  const at = (share: number): string =>
    (spent[Math.min(spent.length - 1, Math.floor(share * spent.length))] ?? 0).toFixed(1);
  out(`${name}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
}

const paragraphs = Array.from(
  { length: 900 },
  (_, at) =>
    `Paragraph ${at} with *some* text that goes **on** and [on](https://example.org/${at}) for a hundred characters.`,
);
const source = paragraphs.join('\n\n');
const changed = paragraphs.with(450, 'Paragraph 450 has changed in *two* words that go **on** and on.').join('\n\n');
const base =
  replaceContent({ base: EMPTY, target: { kind: 'rich', doc: parseMarkdown(source) }, clientId: 1 }) ?? EMPTY;
const doc = parseJson(renderJson(base)).doc;
out(`Markdown of ${source.length} characters, ${paragraphs.length} blocks, state of ${base.length} bytes`);
measure('render JSON', () => JSON.stringify(renderJson(base)));
measure('parse Markdown', () => parseMarkdown(changed));
measure('render Markdown', () => renderMarkdown(doc), 15);
let size = 0;
measure('replace by Markdown with one changed paragraph', () => {
  size = replaceContent({ base, target: { kind: 'rich', doc: parseMarkdown(changed) }, clientId: 2 })?.length ?? 0;
});
out(`its update: ${size} bytes`);
const many = Array.from({ length: 5_000 }, (_, at) => `Block ${at} ${at % 7} of many`);
const manyBase =
  replaceContent({ base: EMPTY, target: { kind: 'rich', doc: parseMarkdown(many.join('\n\n')) }, clientId: 1 }) ??
  EMPTY;
const shuffled = parseMarkdown(
  [...many.slice(2_000), ...many.slice(0, 2_000)].map((line, at) => (at % 10 === 0 ? `${line}!` : line)).join('\n\n'),
);
measure(
  'replace 5,000 blocks, 2,000 moved and 500 changed',
  () => replaceContent({ base: manyBase, target: { kind: 'rich', doc: shuffled }, clientId: 2 }),
  5,
);

if (hasTrace('friendsforever')) {
  const trace = JSON.parse(gunzipSync(readFileSync(tracePath('friendsforever'))).toString()) as {
    readonly txns: readonly {
      readonly agent: number;
      readonly patches: readonly (readonly [number, number, string])[];
    }[];
  };
  const rows = longHistory(trace.txns, 260_000);
  const keep = 20_000;
  const snapshots = [EMPTY];
  for (let at = 0; at + keep <= rows.length; at += keep)
    snapshots.push(mergeRows(snapshots.at(-1) ?? null, rows.slice(at, at + keep)));
  measure('state at the end of 260,000 edits, from no snapshot', () => mergeRows(null, rows), 3);
  measure(`state at a random seq, snapshots every ${keep} rows`, () => {
    const seq = Math.floor(Math.random() * rows.length);
    const snapshot = Math.floor(seq / keep);
    mergeRows(snapshots[snapshot] ?? null, rows.slice(snapshot * keep, seq));
  });
  const state = mergeRows(null, rows);
  measure('authorship of 260,000 edits', () => collectAuthorship(rows), 3);
  const authorship = collectAuthorship(rows);
  measure('blame of the last state', () => blameState(state, authorship), 5);
}

/** A recorded session over and over, by two people in one text. */
function longHistory(
  txns: readonly { readonly agent: number; readonly patches: readonly (readonly [number, number, string])[] }[],
  edits: number,
): readonly HistoryRow[] {
  const rows: HistoryRow[] = [];
  const people = [new Y.Doc(), new Y.Doc()] as const;
  for (const [index, person] of people.entries()) {
    person.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'relay') return;
      rows.push({ seq: rows.length + 1, at: rows.length, segments: [{ actor: `person ${index}`, updates: [update] }] });
      Y.applyUpdate(people[1 - index] ?? person, update, 'relay');
    });
  }
  for (let at = 0; rows.length < edits; at += 1) {
    const txn = txns[at % txns.length];
    const person = people[(txn?.agent ?? 0) % 2] ?? people[0];
    const text = person.getText('text');
    person.transact(() => {
      for (const [position, deleted, inserted] of txn?.patches ?? []) {
        const place = Math.min(position, text.length);
        if (deleted > 0) text.delete(place, Math.min(deleted, text.length - place));
        if (inserted !== '') text.insert(place, inserted);
      }
    });
  }
  return rows;
}
