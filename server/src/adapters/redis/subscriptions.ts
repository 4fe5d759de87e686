import type { RelayFrame } from './relay-format.ts';

export interface Listener {
  readonly handler: (frame: RelayFrame) => void;
  /** Called once, when the server has confirmed that the channel is listened to. */
  readonly onActive: (() => void) | undefined;
}

/** A channel, and what may come over it. */
export interface ChannelPlace {
  readonly channel: string;
  readonly partition: number;
  readonly kinds: readonly RelayFrame['kind'][];
}

/** A channel that somebody here listens to. */
interface Topic extends ChannelPlace {
  readonly listeners: Set<Listener>;
  /** Whether the server has confirmed the subscription. */
  active: boolean;
}

/** Channels of one partition to be told to its server. */
export interface SubscriptionChanges {
  readonly partition: number;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

export interface SubscriptionsDeps {
  /** Called with the first change; `takeChanges` is expected soon. */
  readonly onChange: () => void;
  readonly onListenerError: (channel: string, error: unknown) => void;
}

/** Channels that one command names at most: a command of a hundred thousand would hold up everybody else's. */
const GROUP = 500;

/** Who listens to which channel on this node, and what of it the servers have confirmed. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #topics = new Map<string, Topic>();
  /** Listeners who wait to hear that they are active. */
  readonly #waiting = new WeakSet<Listener>();
  /** Channels that changed since `takeChanges`. */
  readonly #changed = new Map<string, ChannelPlace>();
  /** How many subscriptions to a channel were asked for and are not confirmed yet. */
  readonly #asked = new Map<string, { readonly partition: number; readonly times: number }>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  add(place: ChannelPlace, listener: Listener): () => void {
    const known = this.#topics.get(place.channel);
    const topic = known ?? { ...place, listeners: new Set(), active: false };
    if (known === undefined) {
      this.#topics.set(place.channel, topic);
      this.#noteChange(place);
    }
    topic.listeners.add(listener);
    if (topic.active) listener.onActive?.();
    else this.#waiting.add(listener);
    return () => {
      if (!topic.listeners.delete(listener) || topic.listeners.size > 0) return;
      this.#topics.delete(place.channel);
      this.#noteChange(place);
    };
  }

  #noteChange(place: ChannelPlace): void {
    if (this.#changed.size === 0) this.#deps.onChange();
    this.#changed.set(place.channel, place);
  }

  /** What changed since the last call. What is passed on to a server is to be noted by `noteAsked`. */
  takeChanges(): readonly SubscriptionChanges[] {
    const byPartition = Map.groupBy(this.#changed.values(), ({ partition }) => partition);
    this.#changed.clear();
    return [...byPartition].map(([partition, places]) => {
      const channels = places.map(({ channel }) => channel);
      return {
        partition,
        subscribe: channels.filter((channel) => this.#topics.has(channel)),
        unsubscribe: channels.filter((channel) => !this.#topics.has(channel)),
      };
    });
  }

  noteAsked(partition: number, channels: readonly string[]): void {
    for (const channel of channels) {
      this.#asked.set(channel, { partition, times: (this.#asked.get(channel)?.times ?? 0) + 1 });
    }
  }

  /**
   * Asks for all channels of some partitions, in groups for one command each; with `apart`, no group has two
   * partitions.
   */
  askForAll(partitions: readonly number[], apart: boolean): readonly (readonly string[])[] {
    const wanted = new Set(partitions);
    const topics = [...this.#topics.values()].filter(({ partition }) => wanted.has(partition));
    for (const { partition, channel } of topics) this.noteAsked(partition, [channel]);
    const byPartition = Map.groupBy(topics, ({ partition }) => (apart ? partition : 0));
    return [...byPartition.values()].flatMap((some) => inGroups(some.map(({ channel }) => channel)));
  }

  /** The server has confirmed the channels, once for each time that they were asked for. */
  confirm(channels: readonly string[]): void {
    for (const channel of channels) {
      const asked = this.#asked.get(channel);
      // Between two times there may be an end, after which nothing arrives until the second one.
      if (asked !== undefined && asked.times > 1) {
        this.#asked.set(channel, { ...asked, times: asked.times - 1 });
        continue;
      }
      this.#asked.delete(channel);
      const topic = this.#topics.get(channel);
      if (topic !== undefined && !this.#changed.has(channel)) this.#activate(topic);
    }
  }

  #activate(topic: Topic): void {
    topic.active = true;
    for (const listener of topic.listeners) {
      if (this.#waiting.delete(listener)) this.#guard(topic.channel, () => listener.onActive?.());
    }
  }

  /** The server of some partitions is away, and what it was asked for is void. */
  suspend(partitions: readonly number[]): void {
    const gone = new Set(partitions);
    for (const topic of this.#topics.values()) if (gone.has(topic.partition)) topic.active = false;
    for (const [channel, { partition }] of this.#asked) if (gone.has(partition)) this.#asked.delete(channel);
  }

  /** Hands a frame to all who listen; false when it does not belong on the channel. */
  deliver(channel: string, frame: RelayFrame): boolean {
    const topic = this.#topics.get(channel);
    // Nobody listens any more, and the server does not know yet.
    if (topic === undefined) return true;
    if (!topic.kinds.includes(frame.kind)) return false;
    for (const { handler } of topic.listeners) this.#guard(channel, () => handler(frame));
    return true;
  }

  #guard(channel: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#deps.onListenerError(channel, error);
    }
  }
}

function inGroups(channels: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(channels.length / GROUP) }, (_, index) =>
    channels.slice(index * GROUP, (index + 1) * GROUP),
  );
}
