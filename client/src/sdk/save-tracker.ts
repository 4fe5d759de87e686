import { applySaveEvent, decideNextStep, decideSaveStatus, initialFacts } from './save-status.ts';
import type { Refusal, SaveEvent, SaveFacts, SaveStatus } from './save-status.ts';
import { coversVector, type StateVector } from './state-vector.ts';

/** Milliseconds between two questions, so that fast typing asks a few times a second. */
const PROBE_PAUSE = 250;
/** Milliseconds after which an unanswered question is asked again. */
const PROBE_PATIENCE = 10_000;
/** Milliseconds between comparisons with the server while nothing happens. */
const RECHECK_PERIOD = 30_000;
const HEAL_PAUSE = { first: 1_000, most: 30_000 } as const;

/** What the tracker needs of the connection. */
export interface TrackerPort {
  /** Asks the server to answer once all that was sent before is committed or refused. */
  sendProbe(id: number): void;
  /** Starts a round of synchronisation. */
  forceSync(): void;
  readVector(): StateVector;
  /** Called after each change; `durable` is the number of edits known to be on the server. */
  onChange(status: SaveStatus, durable: number): void;
}

/**
 * Follows each local edit until the server says that it is durable. It counts edits itself and compares state vectors,
 * since the provider's own counter starts anew with each connection and says nothing of what was stored.
 */
export class SaveTracker {
  readonly #port: TrackerPort;
  #facts: SaveFacts = initialFacts;
  /** What this side had when the last question went out. */
  #askedWith: StateVector = new Map();
  #confirmed: StateVector = new Map();
  #lastProbe = 0;
  #askedAt = -Infinity;
  #healAttempts = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #patience: ReturnType<typeof setTimeout> | null = null;
  readonly #recheck: ReturnType<typeof setInterval>;

  constructor(port: TrackerPort) {
    this.#port = port;
    this.#recheck = setInterval(() => {
      this.dispatch({ type: 'recheck' });
    }, RECHECK_PERIOD);
  }

  get status(): SaveStatus {
    return decideSaveStatus(this.#facts);
  }

  /** How many edits were made so far, those of an earlier visit included. */
  get edits(): number {
    return this.#facts.edits;
  }

  /** Up to which clock the server was seen to have what this side wrote under a clientID. */
  confirmedClock(client: number): number {
    return this.#confirmed.get(client) ?? 0;
  }

  /** Whether the server refused something on the connection of now. */
  get refusedHere(): boolean {
    return this.#facts.refusal !== null && this.#facts.refusal.connection === this.#facts.connection;
  }

  /** Takes what happened, and does what follows from it. */
  dispatch(event: SaveEvent): void {
    const before = this.#facts;
    this.#facts = applySaveEvent(before, event);
    if (this.#facts === before) return;
    if (this.#facts.check === 'passed') this.#healAttempts = 0;
    if (this.#facts.probe === null) this.#stopPatience();
    if (this.#facts.link !== 'synced') this.#stopTimer();
    this.#schedule();
    this.#port.onChange(this.status, this.#facts.durable);
  }

  refuse(refusal: Refusal): void {
    this.dispatch({ type: 'refused', refusal });
  }

  /** Takes the server's answer to the question of this number. */
  answer(id: number, serverVector: StateVector): void {
    const covers = coversVector(serverVector, this.#askedWith);
    if (covers && id === this.#lastProbe && !this.refusedHere) this.#confirmed = this.#askedWith;
    this.dispatch({ type: 'answered', id, covers });
  }

  destroy(): void {
    clearInterval(this.#recheck);
    this.#stopTimer();
    this.#stopPatience();
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const step = decideNextStep(this.#facts);
    if (step === 'wait') return;
    const pause = step === 'probe' ? this.#askedAt + PROBE_PAUSE - Date.now() : this.#healPause();
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#act();
      },
      Math.max(0, pause),
    );
  }

  #healPause(): number {
    const pause = Math.min(HEAL_PAUSE.most, HEAL_PAUSE.first * 2 ** this.#healAttempts);
    return this.#healAttempts === 0 ? 0 : pause * (0.5 + Math.random() / 2);
  }

  #act(): void {
    const step = decideNextStep(this.#facts);
    if (step === 'probe') this.#probe();
    if (step === 'heal') {
      this.#healAttempts += 1;
      this.dispatch({ type: 'healing' });
      this.#port.forceSync();
    }
  }

  #probe(): void {
    this.#lastProbe += 1;
    const id = this.#lastProbe;
    this.#askedAt = Date.now();
    this.#askedWith = this.#port.readVector();
    this.dispatch({ type: 'probed', id });
    this.#patience = setTimeout(() => {
      this.dispatch({ type: 'expired', id });
    }, PROBE_PATIENCE);
    this.#port.sendProbe(id);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #stopPatience(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }
}
