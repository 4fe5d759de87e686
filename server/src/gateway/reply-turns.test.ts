import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createReplyTurns } from './reply-turns.ts';

describe('the answers of a socket', () => {
  it('[SOCK13] go one after the other, and one that fails holds up none behind it', () => {
    const replies = createReplyTurns(createFakeClock());
    const given: string[] = [];
    const untaken: (() => void)[] = [];
    const ask = (name: string): void => {
      replies.request((taken) => {
        given.push(name);
        if (name === 'fails') throw new Error(name);
        untaken.push(taken);
        return 10;
      });
    };
    expect(() => {
      ask('fails');
    }).toThrow('fails');
    for (const name of ['first', 'second']) ask(name);
    expect([given, replies.answering, replies.inFlight]).toEqual([['fails', 'first'], false, 10]);
    untaken.shift()?.();
    expect(given).toEqual(['fails', 'first', 'second']);
  });
});
