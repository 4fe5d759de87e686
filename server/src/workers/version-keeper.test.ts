import { describe, expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { isVersionDue } from '../core/version-plan.ts';
import type { DocumentVersion, DocumentVersions } from '../ports/document-versions.ts';
import { createVersionKeeper } from './version-keeper.ts';

const HOUR = 3_600_000;

function fixture(limits = { after: HOUR, rows: 10 }) {
  const clock = createFakeClock();
  const made: { seq: number; at: number; follows: number }[] = [];
  const state = { head: 0 };
  const versions: Pick<DocumentVersions, 'list' | 'addAutomatic'> = {
    list: () => {
      const last = made.at(-1);
      const newest: DocumentVersion[] =
        last === undefined ? [] : [{ ...last, id: 'x', kind: 'automatic', label: null, author: null }];
      return Promise.resolve({ versions: newest, nextCursor: null });
    },
    addAutomatic: (_documentId, version) => {
      made.push(version);
      return Promise.resolve(true);
    },
  };
  const keeper = createVersionKeeper({
    versions: versions as DocumentVersions,
    log: { readHeads: (ids) => Promise.resolve(ids.map((documentId) => ({ documentId, epoch: 1, head: state.head }))) },
    clock,
    telemetry: createSilentTelemetry(),
    limits,
  });
  const type = async (rows: number): Promise<void> => {
    for (let row = 0; row < rows; row += 1) {
      state.head += 1;
      keeper.consider(7, false);
    }
    await clock.settle();
  };
  const leave = async (): Promise<void> => {
    keeper.consider(7, true);
    await clock.settle();
  };
  return { clock, made, keeper, type, leave };
}

describe('[VERS13] versions are made by themselves', () => {
  test('after so many rows', async () => {
    const { made, type } = fixture();
    await type(9);
    expect(made).toEqual([]);
    await type(1);
    await type(10);
    expect(made.map(({ seq, follows }) => [seq, follows])).toEqual([
      [10, 0],
      [20, 10],
    ]);
  });

  test('after so long, when something was written', async () => {
    const { clock, made, type, leave } = fixture();
    await type(1);
    clock.advance(HOUR);
    await leave();
    expect(made).toHaveLength(1);
    clock.advance(HOUR);
    await leave();
    expect(made).toHaveLength(1);
    await type(1);
    clock.advance(HOUR);
    await type(1);
    expect(made.map(({ seq }) => seq)).toEqual([1, 3]);
  });

  test('when the last editor leaves, if the version before is old enough', async () => {
    const { clock, made, type, leave } = fixture();
    await type(3);
    await leave();
    expect(made.map(({ seq }) => seq)).toEqual([3]);
    clock.advance(HOUR / 2);
    await type(3);
    await leave();
    expect(made).toHaveLength(1);
  });

  test('not at all, or by one of both alone, where that is asked for', async () => {
    const never = fixture({ after: 0, rows: 0 });
    await never.type(50);
    await never.leave();
    expect(never.made).toEqual([]);
    expect(isVersionDue({ rows: 1, milliseconds: Infinity }, { after: 0, rows: 10 })).toBe(false);
    expect(isVersionDue({ rows: 1_000, milliseconds: 5 }, { after: HOUR, rows: 0 })).toBe(false);
    expect(isVersionDue({ rows: 0, milliseconds: Infinity }, { after: 1, rows: 1 })).toBe(false);
  });

  test('and not after a stop', async () => {
    const { made, keeper, type } = fixture();
    await keeper.drain(0);
    await type(50);
    expect(made).toEqual([]);
  });
});
