import type { Tenant } from '@scriptorium/shared/document-name';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Listeners, NewEvent, Outbox } from '../ports/outbox.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { inBackground, type Service } from '../service.ts';

export interface AnnouncerDeps {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Milliseconds without a new row after which a change is told of. */
  readonly quietMs: number;
  /** Milliseconds that events and deliveries are kept. */
  readonly keepMs: number;
  /** Told when something is there to be delivered. */
  readonly onEvents: () => void;
}

/**
 * Tells of changes: once a document was quiet for a while, or was edited for long, one event says from which row to which.
 * How far it has told is in the store, so what a killed node did not tell, the next one tells: each node looks over all
 * documents when it starts and now and then.
 */
export interface ChangeAnnouncer extends Service {
  /** A row was committed. Cheap: most tenants have nobody who listens. */
  noteChange(documentId: DocumentId): void;
  /** Somebody of this node listens to the document until the returned function is called. */
  listen(documentId: DocumentId): () => void;
  /** Tells of somebody who came or went, if a webhook of the tenant wants to know. */
  notePresence(event: NewEvent): void;
  /** Looks over all documents, now. */
  lookOver(): Promise<void>;
}

export function createChangeAnnouncer(deps: AnnouncerDeps): ChangeAnnouncer {
  return new Announcer(deps);
}

/** A document that is edited without a pause is told of this many quiet times after its first edit. */
const LONGEST_IN_QUIETS = 5;
/** Milliseconds for which it is remembered who listens: no longer than the shortest rest, so that nobody new is missed. */
const LISTENERS_FOR = 1_000;
const TICK = 250;
const LOOK_OVER = 10 * 60 * 1_000;
const DOCUMENTS_PER_PAGE = 500;
const REMOVED_PER_ROUND = 500;
/** People who come and go and were not written down yet; beyond it they are left out, and counted. */
const MOST_WAITING = 1_000;

interface Edited {
  readonly first: number;
  last: number;
}

class Announcer implements ChangeAnnouncer {
  readonly name = 'change-announcer';
  readonly #deps: AnnouncerDeps;
  readonly #edited = new Map<DocumentId, Edited>();
  readonly #listened = new Map<DocumentId, number>();
  readonly #presence: NewEvent[] = [];
  #listeners: { readonly at: number; readonly value: Listeners } | null = null;
  #timer: Timer | null = null;
  #lookOverTimer: Timer | null = null;
  #telling: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
    // The first look soon, since the run before may have been killed.
    this.#armLookOver(deps.quietMs);
  }

  noteChange(documentId: DocumentId): void {
    const now = this.#deps.clock.monotonic();
    const edited = this.#edited.get(documentId);
    if (edited === undefined) this.#edited.set(documentId, { first: now, last: now });
    else edited.last = now;
    this.#arm();
  }

  notePresence(event: NewEvent): void {
    if (this.#stopped) return;
    if (this.#presence.length < MOST_WAITING) this.#presence.push(event);
    else this.#deps.telemetry.metrics.count('events_dropped_total');
    this.#arm();
  }

  listen(documentId: DocumentId): () => void {
    this.#listened.set(documentId, (this.#listened.get(documentId) ?? 0) + 1);
    return () => {
      const left = (this.#listened.get(documentId) ?? 1) - 1;
      if (left === 0) this.#listened.delete(documentId);
      else this.#listened.set(documentId, left);
    };
  }

  #arm(): void {
    if (this.#stopped || this.#timer !== null || this.#telling !== null) return;
    const { clock } = this.#deps;
    this.#timer = clock.after(TICK, () => {
      this.#timer = null;
      this.#telling = this.#tell(this.#takeDue()).finally(() => {
        this.#telling = null;
        if (this.#edited.size > 0 || this.#presence.length > 0) this.#arm();
      });
    });
  }

  #takeDue(): readonly DocumentId[] {
    const { clock, quietMs } = this.#deps;
    const now = clock.monotonic();
    const due = [...this.#edited]
      .filter(([, { first, last }]) => now - last >= quietMs || now - first >= quietMs * LONGEST_IN_QUIETS)
      .map(([documentId]) => documentId);
    for (const documentId of due) this.#edited.delete(documentId);
    return due;
  }

  async #tell(due: readonly DocumentId[]): Promise<void> {
    try {
      const told = [await this.#tellPresence(), await this.#tellChanges(due)];
      if (told.includes(true)) this.#deps.onEvents();
    } catch (error) {
      // Nothing is lost of changes: how far was told is in the store.
      for (const documentId of due) this.noteChange(documentId);
      this.#deps.telemetry.log.warn('announcement_failed', {}, error);
    }
  }

  async #tellPresence(): Promise<boolean> {
    if (this.#presence.length === 0) return false;
    const { presence } = await this.#readListeners();
    let told = false;
    for (let event = this.#presence.shift(); event !== undefined; event = this.#presence.shift()) {
      if (presence.has(event.tenant) || this.#listened.has(event.documentId)) {
        told = (await this.#deps.outbox.record(event)) || told;
      }
    }
    return told;
  }

  async #tellChanges(due: readonly DocumentId[]): Promise<boolean> {
    if (due.length === 0) return false;
    const { outbox, clock } = this.#deps;
    const { changes } = await this.#readListeners();
    if (changes.size === 0 && this.#listened.size === 0) return false;
    let told = false;
    for (let at = 0; at < due.length; at += 100) {
      for (const position of await outbox.readPositions(due.slice(at, at + 100))) {
        if (position.head <= position.announcedSeq) continue;
        if (!changes.has(position.tenant) && !this.#listened.has(position.documentId)) continue;
        told = (await outbox.announceChange(position.documentId, clock.now())) || told;
      }
    }
    return told;
  }

  async #readListeners(): Promise<Listeners> {
    const { clock, outbox } = this.#deps;
    if (this.#listeners !== null && clock.monotonic() - this.#listeners.at < LISTENERS_FOR)
      return this.#listeners.value;
    const value = await outbox.readListeners();
    this.#listeners = { at: clock.monotonic(), value };
    return value;
  }

  #armLookOver(milliseconds: number): void {
    if (this.#stopped) return;
    const { clock, telemetry } = this.#deps;
    this.#lookOverTimer = clock.after(milliseconds, () => {
      inBackground(telemetry.log, 'announcements_not_looked_over', this.lookOver());
    });
  }

  async lookOver(): Promise<void> {
    this.#lookOverTimer?.cancel();
    const { clock, telemetry } = this.#deps;
    try {
      const { changes } = await this.#readListeners();
      if (changes.size > 0) await this.#announceAll(changes);
      await this.#removeOld();
    } catch (error) {
      telemetry.log.warn('announcements_not_looked_over', {}, error);
    }
    this.#armLookOver(LOOK_OVER * (0.5 + clock.random()));
  }

  async #announceAll(changes: ReadonlyMap<Tenant, number>): Promise<void> {
    const { outbox, clock, quietMs } = this.#deps;
    let told = false;
    for (let after: DocumentId | null = 0; after !== null && !this.#stopped;) {
      // What is being edited at this moment is told of when it rests.
      const page: Awaited<ReturnType<Outbox['listUnannounced']>> = await outbox.listUnannounced(after, {
        before: clock.now() - quietMs,
        limit: DOCUMENTS_PER_PAGE,
      });
      for (const { documentId, tenant, updatedAt } of page.documents) {
        // What was last changed before anybody listened is nobody's news.
        if (updatedAt < (changes.get(tenant) ?? Infinity) || this.#edited.has(documentId)) continue;
        told = (await outbox.announceChange(documentId, clock.now())) || told;
      }
      after = page.next;
    }
    if (told) this.#deps.onEvents();
  }

  async #removeOld(): Promise<void> {
    const { outbox, clock, keepMs } = this.#deps;
    for (let removed = 1; removed > 0 && !this.#stopped;) {
      removed = await outbox.removeOld(clock.now() - keepMs, REMOVED_PER_ROUND);
    }
  }

  /** What was not told of yet stays in the store for the next run, or for another node. */
  async drain(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#lookOverTimer?.cancel();
    await this.#telling;
    await this.#tell([...this.#edited.keys()]);
  }
}
