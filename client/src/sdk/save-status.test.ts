import { describe, expect, it } from 'vitest';
import {
  applySaveEvent,
  decideNextStep,
  decideSaveStatus,
  initialFacts,
  type SaveEvent,
  type SaveFacts,
} from './save-status.ts';
import { labelSaveStatus } from './status-label.ts';

const refusal = { code: 'limit-exceeded', title: 'Too large.' };

function run(events: readonly SaveEvent[], from: SaveFacts = initialFacts): SaveFacts {
  return events.reduce(applySaveEvent, from);
}

const online: readonly SaveEvent[] = [{ type: 'opened' }, { type: 'synced' }];
const savedEdit: readonly SaveEvent[] = [
  ...online,
  { type: 'edited' },
  { type: 'probed', id: 1 },
  { type: 'answered', id: 1, covers: true },
];

/** Each event, with the values that matter. */
const EVENTS: readonly SaveEvent[] = [
  { type: 'inherited', changes: 2 },
  { type: 'edited' },
  { type: 'kept', edits: 1 },
  { type: 'opened' },
  { type: 'synced' },
  { type: 'closed' },
  { type: 'probed', id: 1 },
  { type: 'answered', id: 1, covers: true },
  { type: 'answered', id: 1, covers: false },
  { type: 'answered', id: 2, covers: true },
  { type: 'expired', id: 1 },
  { type: 'healing' },
  { type: 'recheck' },
  { type: 'refused', refusal },
];

function checkStep(before: SaveFacts, event: SaveEvent): SaveFacts {
  const after = applySaveEvent(before, event);
  const status = decideSaveStatus(after);
  if (status.kind === 'saved') {
    expect(after).toMatchObject({ durable: after.edits, lacking: false, refusal: null });
  } else if (status.kind === 'offline') {
    expect(after.link).toBe('down');
    expect(status.kept).toBeLessThanOrEqual(status.pending);
  }
  expect(after.durable).toBeLessThanOrEqual(after.edits);
  expect(after.durable).toBeGreaterThanOrEqual(before.durable);
  if (after.durable > before.durable) {
    expect(event).toMatchObject({ type: 'answered', id: before.probe?.id, covers: true });
    expect(after.durable).toBe(before.probe?.edits);
  }
  if (after.probe !== null) expect(after.link).not.toBe('down');
  return after;
}

describe('save status', () => {
  it('[SDK1] "saved" needs an answer that covers the last edit, whatever happens in whatever order', () => {
    const seen = new Map([[JSON.stringify(initialFacts), initialFacts]]);
    let reached = [initialFacts];
    for (let step = 0; step < 9; step += 1) {
      const next = reached.flatMap((before) => EVENTS.map((event) => checkStep(before, event)));
      reached = next.filter((facts) => facts.edits <= 4 && facts.connection <= 2 && !seen.has(JSON.stringify(facts)));
      for (const facts of reached) seen.set(JSON.stringify(facts), facts);
      reached = [...new Map(reached.map((facts) => [JSON.stringify(facts), facts])).values()];
    }
    expect(seen.size).toBeGreaterThan(1_000);
  });

  it('[SDK2] an edit is saving while connected, offline while not, and saved once it is covered', () => {
    expect(decideSaveStatus(run([...online, { type: 'edited' }]))).toEqual({ kind: 'saving', pending: 1 });
    expect(decideSaveStatus(run(savedEdit))).toEqual({ kind: 'saved', pending: 0 });
    const offline = run([...savedEdit, { type: 'closed' }, { type: 'edited' }, { type: 'edited' }, { type: 'edited' }]);
    expect(decideSaveStatus(offline)).toEqual({ kind: 'offline', pending: 3, kept: 0 });
    const kept = run([{ type: 'kept', edits: 3 }], offline);
    expect(decideSaveStatus(kept)).toEqual({ kind: 'offline', pending: 3, kept: 2 });
    expect(decideSaveStatus(run([{ type: 'kept', edits: 4 }], kept))).toEqual({ kind: 'offline', pending: 3, kept: 3 });
  });

  it('[SDK2] a lost connection with nothing open is still saved', () => {
    expect(decideSaveStatus(run([...savedEdit, { type: 'closed' }]))).toEqual({ kind: 'saved', pending: 0 });
  });

  it('[SDK3] an answer counts only for the edits that were made before its question', () => {
    const facts = run([
      ...online,
      { type: 'edited' },
      { type: 'probed', id: 1 },
      { type: 'edited' },
      { type: 'answered', id: 1, covers: true },
    ]);
    expect(decideSaveStatus(facts)).toEqual({ kind: 'saving', pending: 1 });
    expect(decideNextStep(facts)).toBe('probe');
  });

  it('[SDK3] an answer of an earlier connection says nothing', () => {
    const facts = run([...online, { type: 'edited' }, { type: 'probed', id: 1 }, { type: 'closed' }, ...online]);
    expect(decideSaveStatus(run([{ type: 'answered', id: 1, covers: true }], facts))).toEqual({
      kind: 'saving',
      pending: 1,
    });
  });

  it('[SDK4] nothing is asked before both sides have exchanged what they had', () => {
    expect(decideNextStep(run([{ type: 'opened' }, { type: 'edited' }]))).toBe('wait');
    expect(decideNextStep(run([...online]))).toBe('probe');
  });

  it('[SDK5] a server that lacks something is brought it, and nothing is saved until it has it', () => {
    const lacking = run([
      ...savedEdit,
      { type: 'recheck' },
      { type: 'probed', id: 2 },
      { type: 'answered', id: 2, covers: false },
    ]);
    expect(decideSaveStatus(lacking)).toEqual({ kind: 'saving', pending: 1 });
    expect(decideNextStep(lacking)).toBe('heal');
    const healing = run([{ type: 'healing' }], lacking);
    expect(decideNextStep(healing)).toBe('wait');
    expect(decideSaveStatus(run([{ type: 'closed' }], healing))).toEqual({ kind: 'offline', pending: 1, kept: 0 });
    const again = run([{ type: 'synced' }, { type: 'probed', id: 3 }], healing);
    expect(decideSaveStatus(again).kind).toBe('saving');
    expect(decideSaveStatus(run([{ type: 'answered', id: 3, covers: true }], again))).toEqual({
      kind: 'saved',
      pending: 0,
    });
  });

  it('[SDK6] a refusal stays until a later connection covers everything, deletions too', () => {
    const refused = run([...online, { type: 'edited' }, { type: 'refused', refusal }, { type: 'probed', id: 1 }]);
    const answered = run([{ type: 'answered', id: 1, covers: true }], refused);
    expect(decideSaveStatus(answered)).toEqual({ kind: 'refused', pending: 1, refusal });
    expect(decideSaveStatus(run([{ type: 'closed' }], answered)).kind).toBe('refused');
    const later = run([{ type: 'closed' }, ...online, { type: 'probed', id: 2 }], answered);
    expect(decideSaveStatus(later).kind).toBe('refused');
    expect(decideSaveStatus(run([{ type: 'answered', id: 2, covers: true }], later))).toEqual({
      kind: 'saved',
      pending: 0,
    });
  });

  it('[SDK7] changes of an earlier visit are saved once they are covered, and offline if no connection comes', () => {
    const waiting = run([{ type: 'inherited', changes: 3 }]);
    expect(decideSaveStatus(waiting)).toEqual({ kind: 'saving', pending: 3 });
    const facts = run([{ type: 'closed' }], waiting);
    expect(decideSaveStatus(facts)).toEqual({ kind: 'offline', pending: 3, kept: 3 });
    const done = run([...online, { type: 'probed', id: 1 }, { type: 'answered', id: 1, covers: true }], facts);
    expect(decideSaveStatus(done)).toEqual({ kind: 'saved', pending: 0 });
  });

  it.for([
    [{ kind: 'saved', pending: 0 }, 'Saved'],
    [{ kind: 'saving', pending: 2 }, 'Saving…'],
    [{ kind: 'offline', pending: 1, kept: 1 }, 'Offline, 1 change kept on this device'],
    [{ kind: 'offline', pending: 3, kept: 3 }, 'Offline, 3 changes kept on this device'],
    [{ kind: 'offline', pending: 3, kept: 2 }, 'Offline, 2 changes kept on this device'],
    [{ kind: 'offline', pending: 1, kept: 0 }, 'Offline, changes not kept yet'],
    [{ kind: 'refused', pending: 1, refusal }, 'Refused'],
  ] as const)('[SDK8] %o reads "%s"', ([status, label]) => {
    expect(labelSaveStatus(status)).toBe(label);
  });
});
