import type { Clock, Timer } from '../../ports/clock.ts';
import type { FanOut, RelayMessage } from '../../ports/fan-out.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { RedisLink } from './link.ts';
import { RedisLinks } from './links.ts';
import { createNodeLeases, type NodeLeases } from './node-leases.ts';
import { Outbox } from './outbox.ts';
import { createChannelNames, partitionOf, type ChannelNames } from './partitions.ts';
import type { RedisTarget } from './redis-url.ts';
import { decodeFrame, encodeFrame, isFrom, type RelayFrame } from './relay-format.ts';
import { Subscriptions } from './subscriptions.ts';

export interface RedisFanOutDeps {
  readonly target: RedisTarget;
  /** Incarnation of this node. */
  readonly node: string;
  /** Begins the names of all channels; deployments that share a server need different ones. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Largest payload of a row that travels along. */
  readonly inlineBytes: number;
  /** Certificates to trust in place of the well-known ones, as PEM. */
  readonly ca?: string;
  readonly timings?: Partial<RedisTimings>;
}

/** How long things take, in milliseconds. */
export interface RedisTimings {
  /** How long a server may take to answer one question. */
  readonly patience: number;
  /** Between looks at the echo; four without one end a link. */
  readonly probeInterval: number;
  /** Between looks at which server has what. */
  readonly refreshInterval: number;
  /** A third of the pause between two words that a node lives; a node is silent for twelve and gone. */
  readonly beat: number;
}

const TIMINGS: RedisTimings = { patience: 1_000, probeInterval: 250, refreshInterval: 15_000, beat: 1_000 };
const BEATS_PER_WORD = 3;
const BEATS_PER_LEASE = 12;
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
const GOODBYE_PATIENCE = 500;

/** A fan-out over the publish and subscribe commands of Redis or Valkey; it keeps no key there. */
export function createRedisFanOut(deps: RedisFanOutDeps): FanOut {
  return new RedisFanOut(deps);
}

class RedisFanOut implements FanOut {
  readonly shared = true;
  readonly #deps: RedisFanOutDeps;
  readonly #name: Buffer;
  readonly #channels: ChannelNames;
  readonly #subscriptions: Subscriptions;
  readonly #outbox: Outbox;
  readonly #leases: NodeLeases;
  readonly #links: RedisLinks;
  readonly #healthHandlers = new Set<(healthy: boolean) => void>();
  #beatTimer: Timer;
  #beats = 0;
  #probes = 0;
  #drained = false;

  constructor(deps: RedisFanOutDeps) {
    this.#deps = deps;
    this.#name = Buffer.from(deps.node);
    this.#channels = createChannelNames(deps.prefix);
    this.#subscriptions = new Subscriptions({
      onChange: () => deps.clock.soon(() => this.#tellChanges()),
      onListenerError: (channel, error) => this.#onHandlerError(error, channel),
    });
    this.#leases = createNodeLeases({ lease: BEATS_PER_LEASE, onHandlerError: (error) => this.#onHandlerError(error) });
    this.#outbox = new Outbox({
      ...deps,
      channels: this.#channels,
      linkOf: (partition) => this.#links.ownerOf(partition),
    });
    this.#subscriptions.add(
      { channel: this.#channels.nodes, partition: 0, kinds: ['alive', 'goodbye'] },
      { handler: ({ kind, node }) => kind === 'goodbye' && this.#leases.farewell(node), onActive: undefined },
    );
    this.#links = this.#createLinks();
    this.#beatTimer = this.#armBeat();
  }

  #createLinks(): RedisLinks {
    const { target, clock, node, ca, timings } = this.#deps;
    return new RedisLinks({
      ...TIMINGS,
      ...timings,
      ...this.#deps,
      access: { tls: target.tls, login: target.login, ...(ca === undefined ? {} : { ca }) },
      maxPendingBytes: MAX_PENDING_BYTES,
      wanted: (place, sharded) => this.#subscriptions.askForAll(place.partitions, sharded),
      echoChannel: (place) => this.#channels.echo(node, place.partitions[0] ?? 0),
      nextProbe: () => {
        this.#probes += 1;
        const number = this.#probes;
        return { number, bytes: encodeFrame({ kind: 'probe', node, sentAt: clock.now(), number }) };
      },
      onMessage: (link, channel, message) => this.#onMessage(link, channel, message),
      onSubscribed: (channels) => this.#subscriptions.confirm(channels),
      onUp: (link) => {
        if (link.place.partitions.includes(0)) this.#outbox.pushWord('alive');
        this.#outbox.makeGood(link.place.partitions);
      },
      onGone: (link) => this.#subscriptions.suspend(link.place.partitions),
      onHealth: (healthy) => this.#onHealth(healthy),
    });
  }

  publish(message: RelayMessage): void {
    if (!this.#drained) this.#outbox.pushRow(message);
  }

  subscribe(documentId: DocumentId, handler: (message: RelayMessage) => void, onActive?: () => void): () => void {
    const place = {
      channel: this.#channels.rows(documentId),
      partition: partitionOf(documentId),
      kinds: ['row'],
    } as const;
    return this.#subscriptions.add(place, {
      onActive,
      handler: (frame) => {
        if (frame.kind !== 'row') return;
        const { node, epoch, seq, payload } = frame;
        handler({ node, documentId, epoch, seq, payload });
      },
    });
  }

  publishAwareness(documentId: DocumentId, node: string, update: Uint8Array): void {
    if (!this.#drained) this.#outbox.pushPresence(documentId, node, update);
  }

  subscribeAwareness(
    documentId: DocumentId,
    handler: (node: string, update: Uint8Array) => void,
    onActive?: () => void,
  ): () => void {
    const at = { channel: this.#channels.presence(documentId), partition: partitionOf(documentId) };
    return this.#subscriptions.add(
      { ...at, kinds: ['presence'] },
      {
        onActive,
        handler: (frame) => {
          if (frame.kind === 'presence') handler(frame.node, frame.update);
        },
      },
    );
  }

  healthy(): boolean {
    return this.#links.healthy;
  }

  onHealth(handler: (healthy: boolean) => void): () => void {
    this.#healthHandlers.add(handler);
    return () => void this.#healthHandlers.delete(handler);
  }

  onNodeGone(handler: (node: string) => void): () => void {
    return this.#leases.onGone(handler);
  }

  async drain(milliseconds: number): Promise<void> {
    if (this.#drained) return;
    this.#outbox.pushWord('goodbye');
    this.#drained = true;
    this.#beatTimer.cancel();
    this.#outbox.flush();
    await this.#links.close(Math.min(milliseconds, GOODBYE_PATIENCE));
  }

  #tellChanges(): void {
    for (const { partition, subscribe, unsubscribe } of this.#subscriptions.takeChanges()) {
      const link = this.#links.ownerOf(partition);
      if (link?.subscribe(subscribe) === true) this.#subscriptions.noteAsked(partition, subscribe);
      link?.unsubscribe(unsubscribe);
    }
  }

  #armBeat(): Timer {
    return this.#deps.clock.after(this.#deps.timings?.beat ?? TIMINGS.beat, () => {
      this.#beat();
    });
  }

  #beat(): void {
    const { metrics } = this.#deps.telemetry;
    this.#beats += 1;
    this.#leases.beat();
    if (this.#beats % BEATS_PER_WORD === 0) this.#outbox.pushWord('alive');
    // A server that was slow for a while has lost rows as well, though its link is the same.
    for (const { up, pendingBytes, place } of this.#links.all()) {
      if (up && pendingBytes < MAX_PENDING_BYTES / 2) this.#outbox.makeGood(place.partitions);
    }
    metrics.gauge('fan_out_nodes', this.#leases.size);
    metrics.gauge(
      'fan_out_pending_bytes',
      this.#links.all().reduce((sum, link) => sum + link.pendingBytes, 0),
    );
    this.#beatTimer = this.#armBeat();
  }

  /** Anything may come over a channel, and nothing of it may throw: it would end the process. */
  #onMessage(link: RedisLink, channel: string, bytes: Buffer): void {
    if (this.#drained) return;
    const isEcho = channel === link.echoChannel;
    if (isFrom(bytes, this.#name) && !isEcho) return;
    const frame = decodeFrame(bytes);
    if (frame === null || !(isEcho ? this.#hearEcho(link, frame) : this.#take(channel, frame, bytes.byteLength))) {
      this.#deps.telemetry.metrics.count('relay_malformed_total');
    }
  }

  #hearEcho(link: RedisLink, frame: RelayFrame): boolean {
    if (frame.kind !== 'probe' || frame.node !== this.#deps.node) return false;
    link.echo(frame.number);
    return true;
  }

  /** Takes a frame of another node; false when it does not belong on its channel. */
  #take(channel: string, frame: RelayFrame, bytes: number): boolean {
    const { metrics } = this.#deps.telemetry;
    const here = frame.kind === 'goodbye' || this.#leases.hear(frame.node);
    if (frame.kind === 'row') {
      metrics.count('relay_received_total');
      metrics.count('relay_received_bytes_total', bytes);
      metrics.observe('fan_out_lag_seconds', Math.max(0, this.#deps.clock.now() - frame.sentAt) / 1_000);
    }
    if (frame.kind === 'presence') {
      metrics.count('presence_received_total');
      // It said goodbye, and this was sent before.
      if (!here) return true;
    }
    return this.#subscriptions.deliver(channel, frame);
  }

  #onHealth(healthy: boolean): void {
    for (const handler of this.#healthHandlers) {
      try {
        handler(healthy);
      } catch (error) {
        this.#onHandlerError(error);
      }
    }
  }

  #onHandlerError(error: unknown, channel?: string): void {
    this.#deps.telemetry.log.error('fan_out_handler_failed', { channel }, error);
  }
}
