import { vi } from 'vitest';
import { openRedisFanOut } from '../../src/adapters/redis/open-redis-fan-out.ts';
import type { RedisFanOutDeps } from '../../src/adapters/redis/redis-fan-out.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { FanOut } from '../../src/ports/fan-out.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

/** One node's end of a Redis of the tests. */
export function openTestFanOut(
  at: { readonly url: string; readonly prefix: string; readonly node: string },
  more: Partial<RedisFanOutDeps> = {},
): FanOut {
  const defaults = { clock: createSystemClock(), telemetry: createSilentTelemetry(), inlineBytes: 65_536 };
  return openRedisFanOut({ ...defaults, ...at, ...more });
}

/** Waits until all of them carry messages, or until they do not. */
export async function waitForHealth(fanOuts: readonly FanOut[], healthy = true): Promise<void> {
  await vi.waitFor(
    () => {
      if (fanOuts.some((fanOut) => fanOut.healthy() !== healthy)) throw new Error(`not yet ${healthy}`);
    },
    { timeout: 25_000, interval: 10 },
  );
}
