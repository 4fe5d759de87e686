import { expect, test } from 'vitest';
import { actorBytes, forgetActor, holdsBytes } from './forget-actor.ts';
import { decodeLogRow, encodeLogRow } from './log-row.ts';

const ADA = { subject: 'ada', pseudonym: 'erased-1' };
const text = (written: string): Uint8Array => new TextEncoder().encode(written);

test('[HOOK241] A row that says a name in what was written keeps it there', () => {
  const updates = [text('ada is mentioned')];
  expect(forgetActor(encodeLogRow([{ actor: 'eve', updates }]), ADA)).toBeNull();
  const forgotten = forgetActor(encodeLogRow([{ actor: 'ada', updates }]), ADA);
  expect(decodeLogRow(forgotten ?? new Uint8Array())).toEqual([{ actor: 'erased-1', updates }]);
});

test('[HOOK242] Bytes that are no row have the name blotted out, and nothing else', () => {
  const broken = text('?ad ada adada x');
  const forgotten = forgetActor(broken, ADA) ?? new Uint8Array();
  expect(Buffer.from(forgotten).toString('latin1')).toBe('?ad \xff\xff\xff \xff\xff\xffda x');
  expect(broken).toEqual(text('?ad ada adada x'));
  expect(forgetActor(forgotten, ADA)).toBeNull();
});

test('[HOOK242] Whether bytes hold a name is told at their beginning, in them, and at their end', () => {
  const name = actorBytes('aab');
  expect(['aab', 'aaab', 'xaab', 'aabx', 'aa', 'aaxb', ''].map((it) => holdsBytes(text(it), name))).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(holdsBytes(text('anything'), new Uint8Array())).toBe(false);
});
