import { describe, expect, it } from 'vitest';
import { holds, readPrecondition } from './precondition.ts';

const here = { epoch: 2, seq: 7 };

function judge(headers: Parameters<typeof readPrecondition>[0]): readonly [boolean, boolean] {
  const precondition = readPrecondition(headers);
  return [holds(precondition, here), holds(precondition, null)];
}

describe('[REST82] a precondition names exactly the states in which it holds', () => {
  it.each([
    [{}, true, true],
    [{ 'if-match': '"2-7"' }, true, false],
    [{ 'if-match': '"2-6", "2-7"' }, true, false],
    [{ 'if-match': '"2-6"' }, false, false],
    [{ 'if-match': '"1-7"' }, false, false],
    [{ 'if-match': '*' }, true, false],
    [{ 'if-none-match': '*' }, false, true],
    // A weak tag never matches where it is about a change, nor does what is no tag.
    [{ 'if-match': 'W/"2-7"' }, false, false],
    [{ 'if-match': '2-7' }, false, false],
    [{ 'if-match': '' }, false, false],
    // RFC 9110, 13.2.2: `If-Match` is looked at first.
    [{ 'if-match': '"2-7"', 'if-none-match': '*' }, true, false],
  ])('%j', (headers, onState, onAbsence) => {
    expect(judge(headers)).toEqual([onState, onAbsence]);
  });
});
