import type { Clock, Timer } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { inBackground } from '../../service.ts';

/** Timers of one who follows the log, each under a name, and none after it stopped. */
export class NamedTimers {
  readonly #clock: Clock;
  readonly #log: Telemetry['log'];
  readonly #timers = new Map<string, Timer>();
  readonly #failing = new Set<string>();
  #stopped = false;

  constructor({ clock, telemetry }: { readonly clock: Clock; readonly telemetry: Pick<Telemetry, 'log'> }) {
    this.#clock = clock;
    this.#log = telemetry.log;
  }

  /** Calls back once, and no more at the time that was set under this name before. */
  after(name: string, delay: number, callback: () => void): void {
    if (this.#stopped) return;
    this.#timers.get(name)?.cancel();
    const timer = this.#clock.after(delay, () => {
      this.#timers.delete(name);
      callback();
    });
    this.#timers.set(name, timer);
  }

  /** Works again and again, with a pause behind each time. A failure is said once for as long as it lasts. */
  every(name: string, interval: number, work: () => Promise<void>): void {
    this.after(name, interval, () => {
      const done = work().then(
        () => void this.#failing.delete(name),
        (error: unknown) => {
          if (!this.#failing.has(name)) this.#log.warn(`search_${name}_failed`, {}, error);
          this.#failing.add(name);
        },
      );
      const again = done.finally(() => {
        this.every(name, interval, work);
      });
      inBackground(this.#log, `search_${name}_failed`, again);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }
}
