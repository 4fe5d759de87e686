import { describe, expect, it } from 'vitest';
import { EventStreamParser, type StreamBlock } from './event-stream-parser.ts';

const BLOCKS: readonly StreamBlock[] = [
  { id: '7', data: null, retry: 3000 },
  { id: '8', data: '{"a":1}', retry: null },
  { id: null, data: 'two\n\nlines', retry: null },
];

function write(end: string): string {
  const first = ['retry: 3000', 'id: 7', '', ':', ''];
  const second = [': a comment', 'id: 8', 'event: document.changed', 'data: {"a":1}', ''];
  const third = ['data:two', 'data', 'data: lines', 'other: field', '', 'data: cut off'];
  const lines = first.concat(second, third);
  return lines.join(end);
}

describe('[SDK260] a stream of events is taken apart as the HTML standard says', () => {
  it.each([
    ['line feeds', '\n'],
    ['carriage returns', '\r'],
    ['both', '\r\n'],
  ])('with %s, wherever it is cut', (_, end) => {
    const text = write(end);
    expect(new EventStreamParser().feed(text)).toEqual(BLOCKS);
    for (let at = 0; at <= text.length; at += 1) {
      const parser = new EventStreamParser();
      expect([...parser.feed(text.slice(0, at)), ...parser.feed(text.slice(at))]).toEqual(BLOCKS);
    }
    const parser = new EventStreamParser();
    expect(text.split('').flatMap((sign) => parser.feed(sign))).toEqual(BLOCKS);
  });

  it('a mark of byte order at its start is none of it, and what is no number is no pause', () => {
    expect(new EventStreamParser().feed('\uFEFFid: 1\nretry: soon\n\nid: \0\n\n')).toEqual([
      { id: '1', data: null, retry: null },
    ]);
  });
});
