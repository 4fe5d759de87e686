import { describe, expect, it } from 'vitest';
import { cutPieces, stepOption, toPaletteGroups } from './palette-options.ts';

const plain = (text: string) => ({ text, ranges: [], cutStart: false, cutEnd: false });
const hit = (name: string, texts: readonly string[]) => ({
  name,
  title: plain(name),
  epoch: 1,
  seq: 1,
  updatedAt: '2026-11-23T09:30:00.000Z',
  blocks: texts.map((text, at) => ({
    id: `1:${at}`,
    headings: ['Plan', 'Week'],
    snippet: { ...plain(text), ranges: [{ start: 0, end: 3 }] },
  })),
});

describe('lines of the search', () => {
  it('[APP71] there is one for each block, and one for a document that was found by its name', () => {
    const groups = toPaletteGroups([hit('notes', ['red one', 'red two']), hit('red', [])]);
    expect(groups.map(({ options }) => options.map(({ path, target }) => [path, target]))).toEqual([
      [
        ['Plan › Week', { document: 'notes', block: '1:0', words: ['red'] }],
        ['Plan › Week', { document: 'notes', block: '1:1', words: ['red'] }],
      ],
      [['', { document: 'red', block: null, words: [] }]],
    ]);
  });

  it('[APP71] the arrows go around', () => {
    const options = toPaletteGroups([hit('a', ['x', 'y'])]).flatMap((group) => group.options);
    expect(stepOption(options, null, 1)).toBe('found-0-0');
    expect(stepOption(options, 'found-0-0', 1)).toBe('found-0-1');
    expect(stepOption(options, 'found-0-1', 1)).toBe('found-0-0');
    expect(stepOption(options, 'found-0-0', -1)).toBe('found-0-1');
    expect(stepOption(options, null, -1)).toBe('found-0-1');
    expect(stepOption([], null, 1)).toBeNull();
  });

  it('[APP72] a text is cut where what was found begins and ends', () => {
    const ranges = [
      { start: 4, end: 8 },
      { start: 9, end: 12 },
    ];
    expect(cutPieces({ text: 'the blue sky', ranges })).toEqual([
      { text: 'the ', marked: false },
      { text: 'blue', marked: true },
      { text: ' ', marked: false },
      { text: 'sky', marked: true },
    ]);
    expect(cutPieces({ text: '', ranges: [] })).toEqual([]);
  });
});
