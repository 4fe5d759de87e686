import { describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { createRandom } from '../../../test/support/random.ts';
import { hasTrace, TRACE_NAMES, traceUpdates } from '../../../test/support/traces.ts';
import { collectAuthorship, type HistoryRow } from './authorship.ts';
import { blameState, diffStates, type StateDiff } from './diff-states.ts';
import { ClockRanges } from './clock-ranges.ts';
import { mergeRows } from './merge-rows.ts';
import { renderDiffHtml } from './render-diff.ts';
import { groupSittings } from './sittings.ts';

// Many random documents, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 120_000 });

/** Rows of a few updates each, as flushes make them, written by the person behind each clientID. */
function rowsOf(updates: readonly Uint8Array[], actorOf: (update: Uint8Array) => string): readonly HistoryRow[] {
  const rows: HistoryRow[] = [];
  for (let at = 0; at < updates.length; at += 7) {
    const segments = updates.slice(at, at + 7).map((update) => ({ actor: actorOf(update), updates: [update] }));
    rows.push({ seq: rows.length + 1, at: 1_000 * rows.length, segments });
  }
  return rows;
}

/**
 * A replay that shares nothing with the code under test: a list of characters with their authors, changed by the
 * positions that Yjs reports for each update.
 */
class Replay {
  readonly #document = new Y.Doc();
  characters: { readonly sign: string; readonly author: string }[] = [];
  readonly deletions = new Map<string, number>();

  constructor(root: string) {
    this.#document.getText(root).observe(({ changes }, transaction) => {
      let at = 0;
      for (const { retain, insert, delete: deleted } of changes.delta) {
        if (retain !== undefined) at += retain;
        const author = String(transaction.origin);
        if (deleted !== undefined) {
          this.characters.splice(at, deleted);
          this.deletions.set(author, (this.deletions.get(author) ?? 0) + deleted);
        }
        if (typeof insert !== 'string') continue;
        this.characters.splice(at, 0, ...Array.from(insert, (sign) => ({ sign, author })));
        at += insert.length;
      }
    });
  }

  apply(row: HistoryRow): void {
    for (const { actor, updates } of row.segments)
      for (const update of updates) Y.applyUpdate(this.#document, update, actor);
  }
}

function charactersOf(
  diff: StateDiff,
): readonly { readonly sign: string; readonly author: string | undefined; readonly kind: string }[] {
  return (diff.roots['text'] ?? []).flatMap((range) =>
    'text' in range ? Array.from(range.text, (sign) => ({ sign, author: range.edit?.actor, kind: range.kind })) : [],
  );
}

for (const name of TRACE_NAMES) {
  if (!hasTrace(name)) process.stderr.write(`SKIPPED: no recorded session ${name}; set TEST_FIXTURES to its folder\n`);
}

describe.each(TRACE_NAMES)('the recorded session %s', (name) => {
  // Under CI a missing recording fails instead.
  test.skipIf(!hasTrace(name) && process.env['CI'] === undefined)(
    '[CONT30] at random points text, author of every character, and diff are those of an independent replay',
    { timeout: 120_000 },
    () => {
      const { updates, endContent } = traceUpdates(name);
      const rows = rowsOf(
        updates,
        (update) => `person ${[...Y.parseUpdateMeta(update).from.keys()][0] ?? 'who deletes'}`,
      );
      const random = createRandom(20);
      const points = new Set(Array.from({ length: 12 }, () => 1 + random.below(rows.length)).concat(rows.length));
      const replay = new Replay('text');
      let before = { seq: 0, state: mergeRows(null, []), text: '', deletions: new Map<string, number>() };
      for (const row of rows) {
        replay.apply(row);
        if (!points.has(row.seq)) continue;
        const state = mergeRows(before.state, rows.slice(before.seq, row.seq));
        const all = collectAuthorship(rows.slice(0, row.seq));
        const text = replay.characters.map(({ sign }) => sign).join('');
        expect(charactersOf(blameState(state, all)).map(({ sign, author }) => ({ sign, author }))).toEqual(
          replay.characters,
        );
        const diff = charactersOf(diffStates(before.state, state, collectAuthorship(rows.slice(before.seq, row.seq))));
        const textOf = (kinds: readonly string[]): string =>
          diff
            .filter(({ kind }) => kinds.includes(kind))
            .map(({ sign }) => sign)
            .join('');
        expect(textOf(['same', 'inserted'])).toBe(text);
        expect(textOf(['same', 'deleted'])).toBe(before.text);
        const authors = replay.characters.map(({ author }) => author);
        const shown = diff.filter(({ kind }) => kind !== 'deleted');
        expect(shown.every(({ kind, author }, index) => kind === 'same' || author === authors[index])).toBe(true);
        expect(diff.every(({ kind, author }) => kind !== 'deleted' || author !== undefined)).toBe(true);
        before = { seq: row.seq, state, text, deletions: new Map(replay.deletions) };
      }
      expect(before.text).toBe(endContent);
    },
  );
});

describe('ranges of clocks', () => {
  test('[CONT31] of the ranges that cover a clock, the first one counts', () => {
    const random = createRandom(7);
    for (let round = 0; round < 300; round += 1) {
      const ranges = new ClockRanges();
      const expected = Array.from({ length: 60 }, () => -1);
      for (let label = 0; label < 12; label += 1) {
        const from = random.below(55);
        const to = Math.min(60, from + 1 + random.below(5 + random.below(40)));
        ranges.add(from, to, label);
        for (let at = from; at < to; at += 1) expected[at] = expected[at] === -1 ? label : (expected[at] ?? -1);
      }
      const found = ranges
        .divide(0, 60)
        .flatMap(({ from, to, label }) => Array.from({ length: to - from }, () => label));
      expect(found).toEqual(expected);
    }
  });
});

describe('a rich text', () => {
  const ada = new Y.Doc();
  const updates: { readonly actor: string; readonly update: Uint8Array }[] = [];
  let actor = 'ada';
  ada.on('update', (update: Uint8Array) => updates.push({ actor, update }));
  const fragment = ada.getXmlFragment('default');
  const paragraph = new Y.XmlElement('paragraph');
  fragment.push([paragraph]);
  const text = new Y.XmlText();
  paragraph.push([text]);
  text.insert(0, 'hello world');
  const split = updates.length;
  const from = Y.encodeStateAsUpdate(ada);
  actor = '<b>bob';
  text.delete(0, 5);
  text.insert(0, 'goodbye');
  text.format(8, 5, { bold: {} });
  paragraph.setAttribute('dir', 'rtl');
  fragment.push([new Y.XmlElement('horizontalRule')]);
  const to = Y.encodeStateAsUpdate(ada);
  const rows = updates.map((one, index): HistoryRow => ({
    seq: index + 1,
    at: index,
    segments: [{ actor: one.actor, updates: [one.update] }],
  }));

  test('[CONT32] is compared in blocks with what was inserted, deleted, formatted and changed, and by whom', () => {
    const { blocks } = diffStates(from, to, collectAuthorship(rows.slice(split)));
    expect(blocks).toMatchObject([
      {
        kind: 'changed',
        attrs: { dir: 'rtl' },
        attrsBefore: {},
        edit: { actor: '<b>bob' },
        content: expect.arrayContaining<object>([
          {
            kind: 'deleted',
            text: 'hello',
            edit: { actor: '<b>bob', seq: expect.any(Number) as number, at: expect.any(Number) as number },
          },
          {
            kind: 'inserted',
            text: 'goodbye',
            edit: { actor: '<b>bob', seq: expect.any(Number) as number, at: expect.any(Number) as number },
          },
          {
            kind: 'formatted',
            text: 'world',
            marks: [{ type: 'bold' }],
            edit: { actor: '<b>bob', seq: expect.any(Number) as number, at: expect.any(Number) as number },
          },
        ]) as object[],
      },
      { kind: 'inserted', type: 'horizontalRule', edit: { actor: '<b>bob' } },
    ]);
  });

  test('[CONT32] is compared in HTML with <ins> and <del>, escaped', () => {
    const html = renderDiffHtml(diffStates(from, to, collectAuthorship(rows.slice(split))));
    expect(html).toContain('<ins data-author="&lt;b&gt;bob">goodbye</ins>');
    expect(html).toContain('<del data-author="&lt;b&gt;bob">hello</del>');
    expect(html).toContain('<ins data-author="&lt;b&gt;bob"><hr></ins>');
  });

  test('[CONT33] its history is sittings of each person, which a pause ends', () => {
    const late = rows.map((row) => ({ ...row, at: row.seq > split ? 10_000_000 + row.seq : row.seq }));
    expect(groupSittings([...late, { ...(rows[0] as HistoryRow), seq: 99, at: 20_000_000 }], 60_000)).toMatchObject([
      { actor: 'ada', fromSeq: 1, toSeq: split, inserted: 11, deleted: 0 },
      { actor: '<b>bob', inserted: 7, deleted: 5 },
      { actor: 'ada', fromSeq: 99, toSeq: 99 },
    ]);
  });
});
