import { SCHEMA_VERSION } from '@scriptorium/shared/stateless-messages';
import type { Access } from '../access/access.ts';
import { presenceFor, type PresencePolicy } from '../core/presence-policy.ts';
import { backoffDelay } from '../core/backoff.ts';
import { assertNever, toScriptoriumError } from '../core/errors.ts';
import { judgeSession, type SessionFate } from '../core/session-standing.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Identity } from '../ports/token-verifier.ts';
import { inBackground } from '../service.ts';
import { tokenRequestFrame } from './frames.ts';
import { askForMissing } from './session-sync.ts';
import type { Session } from './session.ts';

export interface StandingDeps {
  readonly access: Access;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly presencePolicy: PresencePolicy;
}

/** What keeps an open session to what its owner may do: as its token runs out, and as grants and keys change. */
export interface SessionStanding {
  /** Takes a newer token of the same user; what it grants holds from now on. */
  renew(identity: Identity): void;
  stop(): void;
}

/** Milliseconds before a token's end at which its client is asked for another. */
const ASK_BEFORE = 30_000;
const RETRY = { first: 500, most: 10_000 } as const;

/** Starts to look after a session that has just been opened. */
export function keepStanding(deps: StandingDeps, session: Session): SessionStanding {
  return new StandingKeeper(deps, session);
}

class StandingKeeper implements SessionStanding {
  readonly #deps: StandingDeps;
  readonly #session: Session;
  #unwatch: () => void;
  #timers: Timer[] = [];
  /** Rises with each reason to look, so that of two answers the one that was asked for later counts. */
  #asked = 0;
  #attempts = 0;
  #stopped = false;

  constructor(deps: StandingDeps, session: Session) {
    this.#deps = deps;
    this.#session = session;
    this.#unwatch = deps.access.watch(session.identity, this.#look);
    // Something may have changed between the login and now.
    this.#look();
  }

  renew(identity: Identity): void {
    if (this.#stopped) return;
    this.#session.renew(identity);
    this.#unwatch();
    this.#unwatch = this.#deps.access.watch(identity, this.#look);
    this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#unwatch();
    this.#clearTimers();
  }

  readonly #look = (): void => {
    inBackground(this.#deps.telemetry.log, 'standing_failed', this.#judge());
  };

  async #judge(): Promise<void> {
    const { access, clock, telemetry } = this.#deps;
    this.#asked += 1;
    const asked = this.#asked;
    const { identity } = this.#session;
    if (clock.now() >= identity.expiresAt) {
      this.#apply({ kind: 'ended', code: 'token-expired' });
      return;
    }
    this.#arm(Infinity);
    try {
      const { rights, until } = await access.standingOf(identity);
      if (this.#stopped || asked !== this.#asked) return;
      this.#attempts = 0;
      this.#arm(until);
      const { name, scope, barred } = this.#session;
      if (rights !== null)
        this.#session.setPresence(presenceFor(rights, this.#session.name, this.#deps.presencePolicy));
      const facts = { name, scope, barred, expiresAt: identity.expiresAt };
      this.#apply(judgeSession(facts, { now: clock.now(), rights }));
    } catch (error) {
      if (this.#stopped || asked !== this.#asked) return;
      // Nothing is stored while the store is away, so what the session may do can wait for it.
      const { message } = toScriptoriumError(error);
      telemetry.log.debug('standing_unknown', { reason: message });
      this.#after(backoffDelay(this.#attempts, RETRY, clock.random()), this.#look);
      this.#attempts += 1;
    }
  }

  #apply(fate: SessionFate): void {
    const session = this.#session;
    switch (fate.kind) {
      case 'unchanged':
        return;
      case 'rescoped':
        session.setScope(fate.scope);
        session.announceScope();
        this.#welcome();
        // What was refused before may be allowed now, and the client brings it only when it is asked.
        if (fate.scope !== 'none') askForMissing(session);
        return;
      case 'ended':
        session.socket.endSession(session, fate.code);
        return;
      default:
        assertNever(fate);
    }
  }

  /** Our own client is told in its own words; others have those of the handshake. */
  #welcome(): void {
    const { room, scope } = this.#session;
    const { epoch, seq } = room.position;
    const readOnly = scope === 'none';
    this.#session.tell({ type: 'scriptorium.welcome', epoch, seq, schemaVersion: SCHEMA_VERSION, readOnly, scope });
  }

  /** Sets the timers anew: for the end of a grant, the end of the token, and the question for another one. */
  #arm(until: number): void {
    this.#clearTimers();
    const { clock } = this.#deps;
    const { expiresAt } = this.#session.identity;
    const end = Math.min(until, expiresAt);
    if (end !== Infinity) this.#after(end - clock.now(), this.#look);
    const ask = expiresAt - ASK_BEFORE - clock.now();
    if (ask > 0 && ask !== Infinity) this.#after(ask, this.#askForToken);
  }

  readonly #askForToken = (): void => {
    const { socket, address } = this.#session;
    if (socket.dialect === 'hocuspocus') this.#session.sendFrame(tokenRequestFrame(address));
  };

  #after(milliseconds: number, callback: () => void): void {
    this.#timers.push(this.#deps.clock.after(Math.max(0, milliseconds), callback));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}
