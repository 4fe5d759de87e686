import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { measureCpu } from '../../test/support/cpu-time.ts';
import { createGateSubject, type GateSubject, parseValid } from '../../test/support/gate-subject.ts';
import { buildUpdate, gc, item, text } from '../../test/support/update-builder.ts';
import { createCarriedRanges, type CarriedRanges } from './fork-carried.ts';
import { detectFork } from './fork-detection.ts';

const VICTIM = 5;
const MALLORY = 9;

function forkIn(
  subject: GateSubject,
  update: Uint8Array,
  carried: CarriedRanges = createCarriedRanges(),
): number | null {
  return detectFork(parseValid(update), new Set([VICTIM]), { state: subject.state, carried });
}

/** Passes what somebody else brought of the victim's, as a room does. */
function carry(subject: GateSubject, carried: CarriedRanges, update: Uint8Array): void {
  const parsed = parseValid(update);
  const verdict = subject.judge(update);
  if (verdict.kind !== 'accept') throw new Error(verdict.kind);
  for (const range of verdict.summary.added) if (range.client === VICTIM) carried.note(parsed, range);
  subject.state.apply(verdict.update);
}

const write = (content: string, clock = 0) =>
  buildUpdate([
    {
      client: VICTIM,
      clock,
      structs: [text(content, clock === 0 ? { parent: 'text' } : { origin: [VICTIM, clock - 1] })],
    },
  ]);
const remove = (clock: number, length: number) => buildUpdate([], [{ client: VICTIM, ranges: [[clock, length]] }]);

describe('known clocks with other content', () => {
  it('[GATE15] the same text again is no fork, however it is divided', () => {
    const subject = createGateSubject(write('hello'));
    expect(forkIn(subject, write('hello'))).toBeNull();
    expect(forkIn(subject, write('hello world'))).toBeNull();
    expect(forkIn(subject, write('lo', 3))).toBeNull();
    subject.pass(buildUpdate([{ client: MALLORY, structs: [text('-', { origin: [VICTIM, 1], right: [VICTIM, 2] })] }]));
    expect(forkIn(subject, write('hello'))).toBeNull();
  });

  it('[GATE15] other text, or the same text at another place, is a fork', () => {
    const subject = createGateSubject(write('hello'));
    expect(forkIn(subject, write('hellO'))).toBe(VICTIM);
    expect(forkIn(subject, write('Hello and more'))).toBe(VICTIM);
    expect(forkIn(subject, write('xx', 3))).toBe(VICTIM);
    const elsewhere = buildUpdate([
      { client: VICTIM, clock: 3, structs: [text('lo', { origin: [VICTIM, 0], right: [VICTIM, 1] })] },
    ]);
    expect(forkIn(subject, elsewhere)).toBe(VICTIM);
  });

  it('[GATE15] only clientIDs that the session owns are looked at', () => {
    const subject = createGateSubject(write('hello'));
    const others = buildUpdate([{ client: MALLORY, structs: [text('x')] }]);
    subject.pass(others);
    expect(
      detectFork(parseValid(write('WORLD')), new Set([MALLORY]), {
        state: subject.state,
        carried: createCarriedRanges(),
      }),
    ).toBeNull();
  });

  it('[GATE15] all kinds of content compare by what they hold', () => {
    const edit = (value: string): Uint8Array => {
      const doc = new Y.Doc();
      doc.clientID = VICTIM;
      doc.getMap('map').set('a', { value, list: [1, undefined, new Uint8Array([1])] });
      doc.getMap('map').set('b', new Uint8Array([value.length]));
      doc.getText('text').insertEmbed(0, { value });
      doc.getText('text').insert(0, 'x', { bold: value });
      doc.getXmlFragment('xml').insert(0, [value === 'one' ? new Y.XmlText() : new Y.XmlElement('p')]);
      return Y.encodeStateAsUpdate(doc);
    };
    const subject = createGateSubject(edit('one'));
    expect(forkIn(subject, edit('one'))).toBeNull();
    for (let clock = 0; clock < 6; clock += 1) {
      const known = createGateSubject(edit('one'));
      expect(forkIn(known, edit('three'))).toBe(VICTIM);
    }
    const swapped = buildUpdate([
      {
        client: VICTIM,
        structs: [item({ kind: 3, parent: 'map', key: 'a', content: (e) => e.cbuf.set([0], e.cpos++) })],
      },
    ]);
    expect(forkIn(subject, swapped)).toBe(VICTIM);
  });

  it('[GATE15] halves of a surrogate pair compare equal to what Yjs puts in their place', () => {
    const subject = createGateSubject(write('a😀b'));
    subject.pass(buildUpdate([{ client: MALLORY, structs: [text('|', { origin: [VICTIM, 1], right: [VICTIM, 2] })] }]));
    expect(forkIn(subject, write('a😀b'))).toBeNull();
    expect(forkIn(subject, write('a\ufffd\ufffdb'))).toBeNull();
  });

  it('[GATE15] what was deleted cannot be compared and is no fork, sent with content or without', () => {
    const subject = createGateSubject(write('hello'));
    subject.pass(remove(1, 3));
    expect(forkIn(subject, write('hello'))).toBeNull();
    expect(forkIn(subject, buildUpdate([{ client: VICTIM, structs: [gc(5)] }]))).toBeNull();
    expect(forkIn(subject, write('Hello'))).toBe(VICTIM);
  });
});

describe('what others brought', () => {
  it('[GATE16] collected structs in the name of a victim show as a fork when the victim writes (squatVictimClock)', () => {
    const subject = createGateSubject(write('hello'));
    const carried = createCarriedRanges();
    carry(subject, carried, buildUpdate([{ client: VICTIM, clock: 5, structs: [gc(1000)] }]));
    expect(forkIn(subject, write('WORLD', 5), carried)).toBe(VICTIM);
    expect(forkIn(subject, write('hello'), carried)).toBeNull();
    expect(forkIn(subject, write('beyond', 1005), carried)).toBeNull();
  });

  it('[GATE16] honestly carried text is no fork when its owner sends it, also when it was deleted in between', () => {
    const subject = createGateSubject(write('hello'));
    const carried = createCarriedRanges();
    carry(subject, carried, write(' world 😀', 5));
    expect(forkIn(subject, write(' world 😀', 5), carried)).toBeNull();
    subject.pass(remove(0, 14));
    expect(forkIn(subject, write(' world 😀', 5), carried)).toBeNull();
    expect(forkIn(subject, write('rld', 8), carried)).toBeNull();
    expect(forkIn(subject, write(' WORLD', 5), carried)).toBe(VICTIM);
  });

  it('[GATE16] what was known before is not noted', () => {
    const subject = createGateSubject(write('hello'));
    const carried = createCarriedRanges();
    carry(subject, carried, write('HELLO!'));
    subject.pass(remove(0, 6));
    expect(forkIn(subject, write('hello'), carried)).toBeNull();
    expect(forkIn(subject, write('hello!'), carried)).toBeNull();
    expect(forkIn(subject, write('hello?'), carried)).toBe(VICTIM);
  });

  it('[GATE16] the record is bounded: content is forgotten first, and then nothing is lost in silence', () => {
    const subject = createGateSubject();
    const carried = createCarriedRanges({ ranges: 8, digests: 8 });
    carry(subject, carried, write('abcd'));
    carry(subject, carried, write('efgh', 4));
    subject.pass(remove(0, 8));
    expect(forkIn(subject, write('abcd'), carried)).toBeNull();
    carry(subject, carried, write('ijkl', 8));
    subject.pass(remove(8, 4));
    expect(forkIn(subject, write('abcd'), carried)).toBe(VICTIM);
    expect(forkIn(subject, write('efgh', 4), carried)).toBeNull();
    expect(forkIn(subject, write('ijkl', 8), carried)).toBeNull();
    expect(forkIn(subject, write('ijkL', 8), carried)).toBe(VICTIM);
  });

  it('[GATE16] the record is bounded: of more ranges than the limit the oldest are forgotten', () => {
    const subject = createGateSubject();
    const carried = createCarriedRanges({ ranges: 2, digests: 100 });
    for (const [index, content] of ['ab', 'cd', 'ef'].entries()) carry(subject, carried, write(content, 2 * index));
    subject.pass(remove(0, 6));
    expect(forkIn(subject, write('XX'), carried)).toBeNull();
    expect(forkIn(subject, write('XX', 2), carried)).toBe(VICTIM);
    expect(forkIn(subject, write('XX', 4), carried)).toBe(VICTIM);
    expect(forkIn(subject, write('cdef', 2), carried)).toBeNull();
  });

  it('[GATE16] a long session of somebody who carries much costs little', () => {
    const subject = createGateSubject();
    const carried = createCarriedRanges();
    const structs = Array.from({ length: 200_000 }, (_, index) =>
      text('ab', index === 0 ? { parent: 'text' } : { origin: [VICTIM, 2 * index - 1] }),
    );
    const update = parseValid(buildUpdate([{ client: VICTIM, structs }]));
    const cost = measureCpu(() => {
      carried.note(update, { client: VICTIM, from: 0, to: 400_000 });
    });
    expect(cost).toBeLessThan(5000);
    expect(subject.state.clientCount).toBe(0);
  });

  it('[GATE16] collected ranges next to each other are one, so that they crowd nothing out', () => {
    const subject = createGateSubject();
    const carried = createCarriedRanges({ ranges: 2, digests: 8 });
    carry(subject, carried, write('ab'));
    for (let clock = 2; clock < 100; clock += 1)
      carry(subject, carried, buildUpdate([{ client: VICTIM, clock, structs: [gc(1)] }]));
    subject.pass(remove(0, 2));
    expect(forkIn(subject, write('XX'), carried)).toBe(VICTIM);
    expect(forkIn(subject, write('XX', 50), carried)).toBe(VICTIM);
  });
});
