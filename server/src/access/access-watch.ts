import type { AccessChangeLog } from '../ports/access-changes.ts';
import type { AccessHints } from '../ports/access-hints.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { inBackground, type Service } from '../service.ts';
import type { Access } from './access.ts';
import type { KeyRing } from './key-ring.ts';

export interface AccessWatchDeps {
  readonly access: Pick<Access, 'apply' | 'applyAll' | 'forget'>;
  readonly changes: AccessChangeLog;
  readonly hints: AccessHints;
  readonly keyRing: Pick<KeyRing, 'flushUse'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Notices changed grants and keys, whoever made them on whatever node. */
export interface AccessWatch extends Service {
  /**
   * Looks now. What was committed before the call has been taken note of when the promise is done, or it failed. Callers
   * of one moment share a look, and nobody waits for more than the look under way and one more, however many ask.
   */
  look(): Promise<void>;
}

const INTERVAL = 500;
/** Changes read at a time. */
const BATCH = 1_000;
/** Milliseconds without an answer after which nothing that is remembered counts as fresh. */
const STALE = 2_000;

/**
 * Asks twice a second for the newest revision (one number, for all sessions of the node), at once when a hint names a
 * higher one, and reads the changes behind it. While nobody answers, what is remembered is used for two seconds more;
 * then every question goes to the store.
 */
export function createAccessWatch(deps: AccessWatchDeps): AccessWatch {
  return new RevisionWatch(deps);
}

class RevisionWatch implements AccessWatch {
  readonly name = 'access-watch';
  readonly #deps: AccessWatchDeps;
  readonly #unsubscribe: () => void;
  /** Everything up to it was taken note of; `null` before the first answer. */
  #known: number | null = null;
  /** Monotonic milliseconds. */
  #answeredAt: number;
  #running: Promise<void> | null = null;
  /** The look after it, once somebody waits for one. */
  #next: Promise<void> | null = null;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: AccessWatchDeps) {
    this.#deps = deps;
    this.#answeredAt = deps.clock.monotonic();
    this.#unsubscribe = deps.hints.subscribe((revision) => {
      if (this.#known === null || revision > this.#known) this.#lookInBackground();
    });
    this.#lookInBackground();
    this.#arm();
  }

  look(): Promise<void> {
    if (this.#next !== null) return this.#next;
    if (this.#running === null) return this.#begin();
    // The look under way may have read before the call.
    this.#next = this.#running.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = null;
    const look = this.#attempt().finally(() => {
      if (this.#running === look) this.#running = null;
    });
    this.#running = look;
    return look;
  }

  async #attempt(): Promise<void> {
    try {
      await this.#readOn();
    } catch (error) {
      this.#deps.telemetry.log.warn('access_watch_failed', {}, error);
    }
  }

  async #readOn(): Promise<void> {
    const { access, changes, clock } = this.#deps;
    const newest = await changes.readRevision();
    if (this.#known === null) {
      // What was remembered before the first number could be older than it.
      this.#known = newest;
      access.applyAll();
    }
    while (this.#known !== newest) {
      const next = await changes.readChangesSince(this.#known, BATCH);
      this.#known = next.revision;
      if (next.kind === 'lost') access.applyAll();
      else access.apply(next.changes);
      if (next.kind === 'lost' || next.changes.length === 0) break;
    }
    this.#answeredAt = clock.monotonic();
  }

  #lookInBackground(): void {
    if (!this.#stopped) inBackground(this.#deps.telemetry.log, 'access_watch_failed', this.look());
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, access, keyRing, telemetry } = this.#deps;
    this.#timer = clock.after(INTERVAL, () => {
      if (clock.monotonic() - this.#answeredAt > STALE) access.forget();
      // A question that hangs must not keep what is remembered from going stale, so nobody waits for it here.
      this.#lookInBackground();
      inBackground(telemetry.log, 'key_use_failed', keyRing.flushUse());
      this.#arm();
    });
  }

  async drain(milliseconds: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#unsubscribe();
    const timeout = new Promise<void>((resolve) => {
      this.#deps.clock.after(milliseconds, resolve);
    });
    await Promise.race([this.#deps.keyRing.flushUse(), timeout]);
  }
}
