import { PresenceOrder } from '../core/presence-order.ts';
import {
  decodePresenceRelay,
  encodePresenceRelay,
  type PresenceClaim,
  type PresenceRelay,
} from '../core/presence-relay.ts';
import type { Presence, PresenceTable } from '../core/presence-table.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { RoomSession } from './room-session.ts';

/** One room's half of the conversation of nodes about who is in its document. */
export interface AwarenessRelay {
  /** Puts changes of clients that this node holds on their way to the others. */
  tell(changes: readonly Presence<RoomSession>[]): void;
  /** Takes a message of another node; returns what changed here. Throws `MalformedAwareness`. */
  receive(node: string, bytes: Uint8Array): readonly Presence<RoomSession>[];
  /** Says who is here and asks the others. */
  greet(): void;
  /** Forgets a node that is gone. */
  forget(node: string): void;
  /** Takes back whom this node announced, and says nothing more. */
  stop(): void;
}

interface RelayDeps {
  readonly clock: Clock;
  readonly table: PresenceTable<RoomSession>;
  readonly publish: ((bytes: Uint8Array) => void) | null;
}

/** Milliseconds over which a room's messages to other nodes are collected. */
const WINDOW = 50;

/** What the next message has to say, from little to much. */
const ORDER = ['changes', 'all', 'hello'] as const satisfies readonly PresenceRelay['kind'][];

export function createAwarenessRelay(deps: RelayDeps): AwarenessRelay {
  return new Relay(deps);
}

class Relay implements AwarenessRelay {
  readonly #deps: RelayDeps;
  readonly #changed = new Map<number, Presence<RoomSession>>();
  readonly #order = new PresenceOrder();
  #next: PresenceRelay['kind'] = 'changes';
  #stamp = 0;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  tell(changes: readonly Presence<RoomSession>[]): void {
    if (changes.length === 0 || this.#deps.publish === null) return;
    for (const presence of changes) this.#changed.set(presence.client, presence);
    this.#arm('changes');
  }

  receive(node: string, bytes: Uint8Array): readonly Presence<RoomSession>[] {
    const relay = decodePresenceRelay(bytes);
    const news = this.#order.take(node, relay);
    if (news === null) return [];
    if (relay.kind === 'hello') this.#arm('all');
    return this.#deps.table.receive(node, news, this.#now());
  }

  greet(): void {
    this.#arm('hello');
  }

  forget(node: string): void {
    this.#order.forget(node);
  }

  stop(): void {
    this.#timer?.cancel();
    const announced = this.#changed.size > 0 || this.#deps.table.local().length > 0;
    if (announced && !this.#stopped) this.#say('all', []);
    this.#stopped = true;
  }

  #now(): number {
    return Math.floor(this.#deps.clock.monotonic());
  }

  #arm(kind: PresenceRelay['kind']): void {
    if (this.#deps.publish === null || this.#stopped) return;
    if (ORDER.indexOf(kind) > ORDER.indexOf(this.#next)) this.#next = kind;
    this.#timer ??= this.#deps.clock.after(WINDOW, () => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#timer = null;
    const kind = this.#next;
    const told = kind === 'changes' ? [...this.#changed.values()] : this.#deps.table.local();
    this.#next = 'changes';
    this.#changed.clear();
    this.#say(
      kind,
      told.map((presence) => this.#claim(presence)),
    );
  }

  #claim({ client, clock, state, holder, since }: Presence<RoomSession>): PresenceClaim {
    return { client, clock, state, user: holder.user, age: Math.max(0, this.#now() - since) };
  }

  #say(kind: PresenceRelay['kind'], claims: readonly PresenceClaim[]): void {
    // Beyond the clock's milliseconds, so that a room that is opened again goes on where the one before it ended.
    this.#stamp = Math.max(this.#stamp + 1, this.#now());
    this.#deps.publish?.(encodePresenceRelay({ kind, stamp: this.#stamp, claims }));
  }
}
