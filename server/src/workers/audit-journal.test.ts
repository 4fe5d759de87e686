import { DEFAULT_TENANT, parseTenant, type Tenant } from '@scriptorium/shared/document-name';
import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import { createAuditJournal, type WritingJournal } from './audit-journal.ts';

const other = parseTenant('other') ?? DEFAULT_TENANT;
let clock: FakeClock;
let appended: (readonly [Tenant, readonly AuditEntry[]])[];
let failure: Error | null;
let journal: WritingJournal;

beforeEach(() => {
  clock = createFakeClock();
  appended = [];
  failure = null;
  const append = (tenant: Tenant, entries: readonly AuditEntry[]): Promise<void> => {
    if (failure !== null) return Promise.reject(failure);
    appended.push([tenant, entries]);
    return Promise.resolve();
  };
  journal = createAuditJournal({ audit: { append }, clock, telemetry: createSilentTelemetry() });
});

const open = (user: string, document = 'a'): AuditEntry => ({
  user,
  at: clock.now(),
  action: 'document.open',
  document,
  detail: { writes: 'all' },
});

async function second(): Promise<void> {
  clock.advance(1_000);
  await clock.settle();
}

describe('[AUD20] what changes nothing is noted, and written down within a second', () => {
  test('by tenant, in order, equal notes as one row with their number', async () => {
    const [ada, eve, lin] = [open('ada'), open('eve'), open('lin')];
    journal.note(DEFAULT_TENANT, ada);
    journal.note(other, eve);
    journal.note(DEFAULT_TENANT, lin);
    journal.note(DEFAULT_TENANT, open('ada'));
    expect(appended).toEqual([]);
    await second();
    expect(appended).toEqual([
      [DEFAULT_TENANT, [{ ...ada, detail: { writes: 'all', times: 2 } }, lin]],
      [other, [eve]],
    ]);
    await second();
    expect(appended.length).toBe(2);
  });

  test('what could not be written is written later, and a stop writes what is there', async () => {
    failure = new ScriptoriumError('storage-unavailable');
    journal.note(DEFAULT_TENANT, open('ada'));
    await second();
    expect(appended).toEqual([]);
    failure = null;
    await second();
    expect(appended.map(([, entries]) => entries.length)).toEqual([1]);
    journal.note(DEFAULT_TENANT, open('lin'));
    await journal.drain(1_000);
    expect(appended.map(([, entries]) => entries.length)).toEqual([1, 1]);
  });

  test('of a flood some thousand are kept and the others counted, and no other tenant loses any', async () => {
    for (let index = 0; index < 3_000; index += 1) journal.note(DEFAULT_TENANT, open('ada', `d${index}`));
    journal.note(other, open('eve'));
    await second();
    const mine = appended.filter(([tenant]) => tenant === DEFAULT_TENANT).flatMap(([, entries]) => entries);
    expect(mine.length).toBe(2_001);
    expect(mine.at(-1)).toMatchObject({ user: 'system', action: 'audit.lost', detail: { notes: 1_000 } });
    expect(appended.some(([tenant]) => tenant === other)).toBe(true);
  });
});
