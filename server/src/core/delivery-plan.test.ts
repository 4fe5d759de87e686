import { describe, expect, it } from 'vitest';
import { GIVE_UP_AFTER, planDelivery } from './delivery-plan.ts';

const NOW = 1_764_000_000_000;
const first = { attempts: 0, firstAt: null, now: NOW, random: 0.5 };
const answered = (status: number, retryAfterMs: number | null = null) =>
  ({ kind: 'answered', status, retryAfterMs }) as const;

describe('[HOOK9] what becomes of a delivery', () => {
  it.each([200, 202, 204, 299])('%i is a success', (status) => {
    expect(planDelivery(answered(status), first)).toEqual({ kind: 'delivered' });
  });

  it.each([301, 302, 400, 401, 404, 429, 500, 503])('%i is tried again', (status) => {
    expect(planDelivery(answered(status), first).kind).toBe('retry');
  });

  it('pauses double from five seconds to four hours, and spread over half of it', () => {
    const pauseAt = (attempts: number, random: number): number => {
      const plan = planDelivery({ kind: 'failed' }, { ...first, attempts, random });
      return plan.kind === 'retry' ? plan.nextAt - NOW : -1;
    };
    expect([0, 1, 2].map((attempts) => pauseAt(attempts, 0.999_999))).toEqual([5_000, 10_000, 20_000]);
    expect(pauseAt(0, 0)).toBe(2_500);
    expect(pauseAt(40, 0.999_999_999_9)).toBe(4 * 60 * 60 * 1_000);
  });

  it('a receiver may ask for more time, an hour at most', () => {
    expect(planDelivery(answered(503, 60_000), first)).toEqual({ kind: 'retry', nextAt: NOW + 60_000 });
    expect(planDelivery(answered(503, 10 ** 9), first)).toEqual({ kind: 'retry', nextAt: NOW + 3_600_000 });
    expect(planDelivery(answered(503, 1), first)).toEqual({ kind: 'retry', nextAt: NOW + 3_750 });
  });

  it('after a day it is given up, and the webhook with it if nothing got through since', () => {
    const late = { ...first, attempts: 16, firstAt: NOW - GIVE_UP_AFTER };
    expect(planDelivery({ kind: 'failed' }, { ...late, firstAt: late.firstAt + 1 }).kind).toBe('retry');
    expect(planDelivery({ kind: 'failed' }, late)).toEqual({
      kind: 'given-up',
      pause: { reason: 'failing', since: late.firstAt },
    });
    expect(planDelivery(answered(200), late)).toEqual({ kind: 'delivered' });
  });

  it('410 ends it at once', () => {
    expect(planDelivery(answered(410), first)).toEqual({ kind: 'given-up', pause: { reason: 'gone', since: NOW } });
  });

  it('[HOOK13] what was spared is no attempt', () => {
    const late = { ...first, firstAt: NOW - GIVE_UP_AFTER };
    expect(planDelivery({ kind: 'spared', milliseconds: 30_000 }, late)).toEqual({
      kind: 'postponed',
      nextAt: NOW + 30_000,
    });
  });
});
