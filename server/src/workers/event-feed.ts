import type { Clock, Timer } from '../ports/clock.ts';
import type { Outbox, OutboxPosition, StoredEvent } from '../ports/outbox.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { inBackground, type Service } from '../service.ts';
import type { ChangeAnnouncer } from './change-announcer.ts';

/** Somebody who listens to a document. */
export interface EventListener {
  /** Takes events in their order; false when they cannot be taken any more. */
  take(events: readonly StoredEvent[]): boolean;
  /** Whether the listener may go on; asked at every look. */
  mayGoOn(): Promise<boolean>;
  /** Nothing comes any more. */
  end(): void;
}

/** Events of documents as they happen, for those who listen on this node, whichever node they happen on. */
export interface EventFeed extends Service {
  /** Calls the listener with every event above `after`, until it ends or the returned function is called. */
  follow(documentId: DocumentId, after: number, listener: EventListener): () => void;
}

export interface EventFeedDeps {
  readonly outbox: Outbox;
  readonly announcer: ChangeAnnouncer;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Milliseconds between two looks at the documents that somebody listens to: one question for a hundred of them. */
const INTERVAL = 1_000;
const POSITIONS = 100;
const EVENTS = 100;

export function createEventFeed(deps: EventFeedDeps): EventFeed {
  return new Feed(deps);
}

interface Following {
  readonly documentId: DocumentId;
  readonly listener: EventListener;
  last: number;
  ended: boolean;
  readonly leave: () => void;
}

class Feed implements EventFeed {
  readonly name = 'event-feed';
  readonly #deps: EventFeedDeps;
  readonly #followings = new Set<Following>();
  /** The head that was seen last of each document that somebody listens to. */
  readonly #heads = new Map<DocumentId, number>();
  #timer: Timer | null = null;
  #looking = false;
  #stopped = false;

  constructor(deps: EventFeedDeps) {
    this.#deps = deps;
  }

  follow(documentId: DocumentId, after: number, listener: EventListener): () => void {
    const leave = this.#deps.announcer.listen(documentId);
    const following = { documentId, listener, last: after, ended: false, leave };
    if (this.#stopped) this.#end(following);
    else this.#followings.add(following);
    this.#arm(0);
    return () => {
      this.#forget(following);
    };
  }

  #forget(following: Following): void {
    if (following.ended) return;
    following.ended = true;
    following.leave();
    this.#followings.delete(following);
    if (![...this.#followings].some((it) => it.documentId === following.documentId)) {
      this.#heads.delete(following.documentId);
    }
  }

  #end(following: Following): void {
    if (following.ended) return;
    this.#forget(following);
    following.listener.end();
  }

  #arm(milliseconds: number): void {
    if (this.#stopped || this.#looking || this.#followings.size === 0) return;
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(milliseconds, () => {
      this.#looking = true;
      const look = this.#look().finally(() => {
        this.#looking = false;
        this.#arm(INTERVAL);
      });
      inBackground(this.#deps.telemetry.log, 'event_feed_failed', look);
    });
  }

  async #look(): Promise<void> {
    await this.#endThoseWhoMayNot();
    const documentIds = [...new Set([...this.#followings].map(({ documentId }) => documentId))];
    for (let at = 0; at < documentIds.length; at += POSITIONS) {
      await this.#lookAt(documentIds.slice(at, at + POSITIONS));
    }
  }

  async #endThoseWhoMayNot(): Promise<void> {
    for (const following of this.#followings) {
      // What cannot be told at present takes nothing away; `access` itself forgets what is too old.
      if (!(await following.listener.mayGoOn())) this.#end(following);
    }
  }

  async #lookAt(documentIds: readonly DocumentId[]): Promise<void> {
    const { outbox } = this.#deps;
    const positions = new Map(
      (await outbox.readPositions(documentIds)).map((position) => [position.documentId, position]),
    );
    for (const following of this.#followings) {
      if (!documentIds.includes(following.documentId)) continue;
      const position = positions.get(following.documentId);
      if (position !== undefined) this.#noteRows(position);
      if (position === undefined || position.number > following.last) await this.#catchUp(following);
      // A document that is not live any more has told of its end.
      if (position === undefined) this.#end(following);
    }
  }

  /** Rows of other nodes too: nobody there may know that somebody listens. */
  #noteRows({ documentId, head, announcedSeq }: OutboxPosition): void {
    if (this.#heads.get(documentId) === head) return;
    this.#heads.set(documentId, head);
    if (head > announcedSeq) this.#deps.announcer.noteChange(documentId);
  }

  async #catchUp(following: Following): Promise<void> {
    for (let isMore = true; isMore && !following.ended;) {
      const events = await this.#deps.outbox.readEvents(following.documentId, following.last, EVENTS);
      isMore = events.length === EVENTS;
      const last = events.at(-1);
      if (last === undefined) return;
      following.last = last.number;
      if (!following.listener.take(events)) this.#end(following);
    }
  }

  drain(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const following of this.#followings) this.#end(following);
    return Promise.resolve();
  }
}
