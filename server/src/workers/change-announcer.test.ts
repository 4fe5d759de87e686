import { parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { NewEvent, Outbox, OutboxPosition } from '../ports/outbox.ts';
import { createChangeAnnouncer } from './change-announcer.ts';

const TENANT = parseTenant('acme');
const NAME = parseDocumentName('notes');
const QUIET = 4_000;

function createWorld({ changes = true, presence = true } = {}) {
  if (TENANT === null || NAME === null) throw new Error('a test is wrong about a name');
  const clock = createFakeClock();
  const heads = new Map<number, number>();
  const told: { readonly documentId: number; readonly to: number; readonly at: number }[] = [];
  const people: (string | null)[] = [];
  const state = { away: false, events: 0 };
  const announced = (documentId: number): number => told.findLast((it) => it.documentId === documentId)?.to ?? 0;
  const position = (documentId: number): OutboxPosition => ({
    documentId,
    tenant: TENANT,
    number: 0,
    head: heads.get(documentId) ?? 0,
    announcedSeq: announced(documentId),
  });
  const outbox: Outbox = {
    record: async (event) => people.push(event.user) > 0,
    announceChange: async (documentId) => {
      if (state.away) throw new ScriptoriumError('storage-unavailable');
      told.push({ documentId, to: heads.get(documentId) ?? 0, at: clock.monotonic() });
      return true;
    },
    readEvents: async () => [],
    readPositions: async (ids) => ids.map(position),
    listUnannounced: async () => ({
      documents: [...heads.keys()]
        .filter((id) => (heads.get(id) ?? 0) > announced(id))
        .map((documentId) => ({ documentId, tenant: TENANT, updatedAt: clock.now() })),
      next: null,
    }),
    readListeners: async () => ({
      changes: new Map(changes ? [[TENANT, 0]] : []),
      presence: new Set(presence ? [TENANT] : []),
    }),
    removeOld: async () => 0,
  };
  const announcer = createChangeAnnouncer({
    outbox,
    clock,
    telemetry: createSilentTelemetry(),
    quietMs: QUIET,
    keepMs: 1_000,
    onEvents: () => void (state.events += 1),
  });
  const edit = (documentId: number): void => {
    heads.set(documentId, (heads.get(documentId) ?? 0) + 1);
    announcer.noteChange(documentId);
  };
  const pass = async (milliseconds: number): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 250) {
      clock.advance(250);
      await clock.settle();
    }
  };
  const person = (user: string): NewEvent => {
    const about = { tenant: TENANT, documentId: 1, name: NAME, at: clock.now(), facts: {} };
    return { ...about, type: 'user.joined', user };
  };
  return { announcer, edit, heads, told, people, state, pass, person, clock };
}

describe('[HOOK14] when changes are told of', () => {
  it('once a document rests, in one event for all of it', async () => {
    const { edit, pass, told, state } = createWorld();
    for (let count = 0; count < 5; count += 1) {
      edit(1);
      await pass(QUIET - 500);
    }
    expect(told).toEqual([]);
    await pass(1_000);
    expect(told).toMatchObject([{ documentId: 1, to: 5 }]);
    expect(state.events).toBe(1);
    await pass(10 * QUIET);
    expect(told).toHaveLength(1);
  });

  it('one that never rests after five times as long', async () => {
    const { edit, pass, told } = createWorld();
    for (let count = 0; count < 24; count += 1) {
      edit(1);
      await pass(1_000);
    }
    expect(told).toHaveLength(1);
    expect(told[0]?.at).toBeGreaterThanOrEqual(5 * QUIET);
    expect(told[0]?.at).toBeLessThanOrEqual(5 * QUIET + 1_000);
  });

  it('where nobody listens to nobody, and where somebody of this node does, to them', async () => {
    const { announcer, edit, pass, told } = createWorld({ changes: false });
    edit(1);
    await pass(2 * QUIET);
    expect(told).toEqual([]);
    const leave = announcer.listen(1);
    edit(1);
    edit(2);
    await pass(2 * QUIET);
    expect(told).toMatchObject([{ documentId: 1, to: 2 }]);
    leave();
    edit(1);
    await pass(2 * QUIET);
    expect(told).toHaveLength(1);
  });

  it('again, when the store was away; and people beside it', async () => {
    const { announcer, edit, pass, told, people, person, state } = createWorld();
    state.away = true;
    edit(1);
    await pass(QUIET - 250);
    announcer.notePresence(person('ada'));
    await pass(QUIET);
    expect([told, people]).toEqual([[], ['ada']]);
    state.away = false;
    await pass(2 * QUIET);
    expect(told).toMatchObject([{ documentId: 1, to: 1 }]);
  });

  it('what a run before did not tell of, at the start', async () => {
    const { heads, pass, told } = createWorld();
    heads.set(7, 3);
    await pass(QUIET + 250);
    expect(told).toMatchObject([{ documentId: 7, to: 3 }]);
  });

  it('what waits when the node goes, before it goes', async () => {
    const { announcer, edit, told } = createWorld();
    edit(1);
    await announcer.drain(1_000);
    expect(told).toMatchObject([{ documentId: 1, to: 1 }]);
  });
});
