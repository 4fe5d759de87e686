import type { Clock } from '../ports/clock.ts';
import type { LogFields, Logger } from '../ports/telemetry.ts';

export interface RateLimitedLogDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** Least milliseconds between two lines of one key. */
  readonly intervalMs: number;
  /** Keys remembered at most; beyond it the one whose line is oldest is forgotten. */
  readonly maxKeys?: number;
}

/** Warnings about what a client can cause as often as it likes: one line per key and interval. */
export interface RateLimitedLog {
  /** Logs, or counts for the key's next line, which then carries the number as `suppressed`. */
  warn(key: string, event: string, fields?: LogFields): void;
}

/** Creates a rate-limited log with no timers of its own. */
export function createRateLimitedLog({ log, clock, intervalMs, maxKeys = 1000 }: RateLimitedLogDeps): RateLimitedLog {
  const lines = new Map<string, { readonly at: number; suppressed: number }>();
  return {
    warn(key, event, fields) {
      const now = clock.monotonic();
      const last = lines.get(key);
      if (last !== undefined && now - last.at < intervalMs) {
        last.suppressed += 1;
        return;
      }
      // Deleted first so that the map stays ordered by the time of the last line.
      lines.delete(key);
      evictOldest(lines, maxKeys);
      lines.set(key, { at: now, suppressed: 0 });
      const suppressed = last?.suppressed ?? 0;
      log.warn(event, suppressed > 0 ? { ...fields, suppressed } : fields);
    },
  };
}

function evictOldest(lines: Map<string, unknown>, maxKeys: number): void {
  if (lines.size < maxKeys) return;
  const oldest = lines.keys().next();
  if (!oldest.done) lines.delete(oldest.value);
}
