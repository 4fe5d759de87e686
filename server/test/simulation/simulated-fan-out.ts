import type { FanOut, RelayMessage } from '../../src/ports/fan-out.ts';
import type { DocumentId } from '../../src/ports/update-log.ts';
import type { Random } from '../support/random.ts';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';
import { between, fraction } from './random-streams.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

interface Subscriber<Message> {
  readonly node: string;
  readonly life: Life;
  readonly topic: string;
  readonly handler: (message: Message) => void;
  /** Nothing arrives before. */
  active: boolean;
}

interface PresenceMessage {
  readonly node: string;
  readonly update: Uint8Array;
}

/** The medium between the nodes. */
export interface Exchange {
  readonly rows: Set<Subscriber<RelayMessage>>;
  readonly presence: Set<Subscriber<PresenceMessage>>;
  readonly departures: Set<Subscriber<string>>;
  /** When the last message from one node to another arrives that was not late: such messages keep their order. */
  readonly arrivals: Map<string, number>;
}

export function createExchange(): Exchange {
  return { rows: new Set(), presence: new Set(), departures: new Set(), arrivals: new Map() };
}

export interface SimulatedFanOutDeps {
  readonly exchange: Exchange;
  readonly scheduler: Scheduler;
  readonly life: Life;
  readonly faults: Faults;
  /** Name of the node, by which faults are found. */
  readonly node: string;
  /** Identity of its run. */
  readonly incarnation: string;
  readonly random: Random;
  readonly trace: Trace;
}

/** Milliseconds between two looks at the medium, and after which one that is away is taken to be so. */
const LOOK = 250;
const NOTICED_AFTER = 700;

/** One node's end of a medium that loses, doubles, delays and reorders messages, and whose failure is noticed late. */
export function createSimulatedFanOut(deps: SimulatedFanOutDeps): FanOut {
  return new SimulatedFanOut(deps);
}

class SimulatedFanOut implements FanOut {
  readonly shared = true;
  readonly #deps: SimulatedFanOutDeps;
  readonly #healthHandlers = new Set<(healthy: boolean) => void>();
  /** The newest row of each document that did not leave the node. */
  readonly #unsent = new Map<DocumentId, RelayMessage>();
  #cutSince: number | null = null;
  #healthy = true;
  #drained = false;

  constructor(deps: SimulatedFanOutDeps) {
    this.#deps = deps;
    this.#look();
  }

  publish(message: RelayMessage): void {
    const { exchange, faults, node, random } = this.#deps;
    if (faults.has('relays-cut', node)) {
      this.#unsent.set(message.documentId, message);
      return;
    }
    const isHint = faults.possible && random.chance(0.05);
    this.#deliver(exchange.rows, `${message.documentId}`, isHint ? { ...message, payload: null } : message);
  }

  subscribe(documentId: DocumentId, handler: (message: RelayMessage) => void, onActive?: () => void): () => void {
    return this.#subscribe(this.#deps.exchange.rows, { topic: `${documentId}`, handler, onActive });
  }

  publishAwareness(documentId: DocumentId, node: string, update: Uint8Array): void {
    this.#deliver(this.#deps.exchange.presence, `${documentId}`, { node, update });
  }

  subscribeAwareness(
    documentId: DocumentId,
    handler: (node: string, update: Uint8Array) => void,
    onActive?: () => void,
  ): () => void {
    const receive = ({ node, update }: PresenceMessage): void => handler(node, update);
    return this.#subscribe(this.#deps.exchange.presence, { topic: `${documentId}`, handler: receive, onActive });
  }

  healthy(): boolean {
    return this.#healthy;
  }

  onHealth(handler: (healthy: boolean) => void): () => void {
    this.#healthHandlers.add(handler);
    return () => void this.#healthHandlers.delete(handler);
  }

  onNodeGone(handler: (node: string) => void): () => void {
    const { exchange, node, life } = this.#deps;
    const subscriber = { node, life, topic: 'nodes', handler, active: true };
    exchange.departures.add(subscriber);
    return () => void exchange.departures.delete(subscriber);
  }

  drain(): Promise<void> {
    this.#deliver(this.#deps.exchange.departures, 'nodes', this.#deps.incarnation);
    this.#drained = true;
    return Promise.resolve();
  }

  #deliver<Message>(subscribers: Set<Subscriber<Message>>, topic: string, message: Message): void {
    const { faults, node, trace } = this.#deps;
    if (this.#drained || faults.has('relays-cut', node)) return;
    const others = [...subscribers].filter((subscriber) => subscriber.topic === topic && subscriber.node !== node);
    for (const [to, there] of Map.groupBy(others, (subscriber) => subscriber.node)) {
      for (let copies = this.#copiesTo(to); copies > 0; copies -= 1) {
        const delay = this.#delayTo(to);
        const receive = (subscriber: Subscriber<Message>): void => {
          if (!subscribers.has(subscriber) || !subscriber.active || faults.has('relays-cut', to)) return;
          trace.note(`${to} hears of ${topic} from ${node}`);
          subscriber.handler(message);
        };
        for (const subscriber of there) subscriber.life.after(delay, () => receive(subscriber));
      }
    }
  }

  #copiesTo(node: string): number {
    const { faults, random } = this.#deps;
    if (!faults.possible) return 1;
    const lossy = this.#isLossy(node);
    if (random.chance(lossy ? 0.4 : 0.005)) return 0;
    return random.chance(lossy ? 0.2 : 0.01) ? 2 : 1;
  }

  #delayTo(to: string): number {
    const { exchange, scheduler, random, node } = this.#deps;
    if (this.#isLossy(to) && random.chance(0.3)) return between(random, 5, 800);
    const line = `${node} ${to}`;
    const arrival = Math.max(exchange.arrivals.get(line) ?? 0, scheduler.now + 0.2 + 3 * fraction(random));
    exchange.arrivals.set(line, arrival);
    return arrival - scheduler.now;
  }

  #isLossy(node: string): boolean {
    const { faults } = this.#deps;
    return faults.has('relays-lossy', this.#deps.node) || faults.has('relays-lossy', node);
  }

  #subscribe<Message>(
    subscribers: Set<Subscriber<Message>>,
    to: {
      readonly topic: string;
      readonly handler: (message: Message) => void;
      readonly onActive?: (() => void) | undefined;
    },
  ): () => void {
    const { node, life, random } = this.#deps;
    const { topic, handler, onActive } = to;
    const subscriber: Subscriber<Message> = { node, life, topic, handler, active: false };
    subscribers.add(subscriber);
    life.after(20 * fraction(random), () => {
      subscriber.active = true;
      if (subscribers.has(subscriber)) onActive?.();
    });
    return () => void subscribers.delete(subscriber);
  }

  /** Looks whether the medium is there, and says so to whoever wants to know. */
  #look(): void {
    const { faults, node, life, scheduler } = this.#deps;
    if (!faults.has('relays-cut', node)) this.#cutSince = null;
    else this.#cutSince ??= scheduler.now;
    const healthy = this.#cutSince === null || scheduler.now - this.#cutSince < NOTICED_AFTER;
    if (healthy !== this.#healthy) {
      this.#healthy = healthy;
      for (const handler of this.#healthHandlers) handler(healthy);
    }
    if (this.#cutSince === null) this.#sendHints();
    life.after(LOOK, () => this.#look());
  }

  #sendHints(): void {
    for (const message of this.#unsent.values())
      this.#deliver(this.#deps.exchange.rows, `${message.documentId}`, { ...message, payload: null });
    this.#unsent.clear();
  }
}
