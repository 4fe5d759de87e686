import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createIdentity } from '../../test/support/identities.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import type { RateWindows } from '../ports/rate-windows.ts';
import { createOwnerBudgets, type OwnedSocket } from './owner-budgets.ts';

/** Windows that count, by name and key, on the test's clock. */
function build(rates: { userUpdates?: number; tenantBytes?: number }) {
  const clock = createFakeClock();
  const taken = new Map<string, number>();
  let questions = 0;
  const windows: RateWindows = {
    open: ({ name, points }) => ({
      take: async (key, amount) => {
        questions += 1;
        const sum = (taken.get(`${name} ${key}`) ?? 0) + amount;
        taken.set(`${name} ${key}`, sum);
        return { allowed: sum <= points, remaining: Math.max(0, points - sum), resetAfter: 4_000 };
      },
    }),
    close: () => undefined,
  };
  const none = { userUpdates: Infinity, userBytes: Infinity, tenantUpdates: Infinity, tenantBytes: Infinity };
  const budgets = createOwnerBudgets({
    windows,
    rates: { ...none, ...rates },
    clock,
    telemetry: createSilentTelemetry(),
  });
  const open = (user: string): OwnedSocket & { readonly pauses: Set<string> } => {
    const pauses = new Set<string>();
    const socket = {
      identity: createIdentity({ user }),
      pauses,
      pauseReading: (reason: string) => void pauses.add(reason),
      resumeReading: (reason: string) => void pauses.delete(reason),
    };
    budgets.join(socket);
    return socket;
  };
  return { clock, budgets, open, questions: () => questions };
}

describe('what the connections of an owner send together', () => {
  it('[SOCK109] over the budget of a user, all connections of that user are not read for a while, late ones too', async () => {
    const { clock, budgets, open, questions } = build({ userUpdates: 10 });
    const [one, two, other] = [open('ada'), open('ada'), open('ben')];
    for (let count = 0; count < 60; count += 1) {
      budgets.spend(one, 'updates', 1);
      budgets.spend(two, 'updates', 1);
      budgets.spend(other, 'updates', 1);
    }
    clock.advance(250);
    await clock.settle();
    expect(questions()).toBe(2);
    const late = open('ada');
    expect([one, two, late, other].map(({ pauses }) => [...pauses])).toEqual([
      ['user-updates'],
      ['user-updates'],
      ['user-updates'],
      [],
    ]);
    clock.advance(4_000);
    expect([one, two, late].flatMap(({ pauses }) => [...pauses])).toEqual([]);
  });

  it('[SOCK109] over the budget of a tenant, all its connections are', async () => {
    const { clock, budgets, open } = build({ tenantBytes: 100 });
    const [one, other] = [open('ada'), open('ben')];
    budgets.spend(one, 'bytes', 2_000);
    budgets.spend(one, 'updates', 2_000);
    clock.advance(250);
    await clock.settle();
    expect([...one.pauses, ...other.pauses]).toEqual(['tenant-bytes', 'tenant-bytes']);
    budgets.leave(one);
    clock.advance(4_000);
    expect([...other.pauses]).toEqual([]);
  });

  it('[SOCK109] where nothing is limited nothing is asked', () => {
    const { clock, budgets, open, questions } = build({});
    budgets.spend(open('ada'), 'updates', 1_000_000);
    expect([clock.pendingTimers, questions()]).toEqual([0, 0]);
  });
});
