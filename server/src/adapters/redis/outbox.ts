import type { Clock } from '../../ports/clock.ts';
import type { RelayMessage } from '../../ports/fan-out.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import type { Publication, RedisLink } from './link.ts';
import { partitionOf, type ChannelNames } from './partitions.ts';
import { encodeFrame } from './relay-format.ts';

export interface OutboxDeps {
  readonly node: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly channels: ChannelNames;
  /** Largest payload that travels along; a larger row is a hint. */
  readonly inlineBytes: number;
  /** The link of a partition; `null` while its server is away. */
  readonly linkOf: (partition: number) => Pick<RedisLink, 'up' | 'publish'> | null;
}

/** A row without its payload. */
type RowName = Pick<RelayMessage, 'documentId' | 'epoch' | 'seq'>;

interface Waiting {
  readonly partition: number;
  readonly publication: Publication;
}

/** Documents whose lost rows are remembered; a node has fewer open. */
const MISSED_LIMIT = 65_536;

/**
 * What this node has to tell: collected over one turn of the event loop, and sent in one write per server. What cannot
 * be sent is dropped, since the log has it; of rows, the newest one of each document is remembered by its number alone,
 * and told as a hint when the server is back.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #missed = new Map<DocumentId, RowName>();
  #waiting: Waiting[] = [];
  #armed = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  pushRow(message: RelayMessage): void {
    const partition = partitionOf(message.documentId);
    const { metrics } = this.#deps.telemetry;
    const payload =
      message.payload !== null && message.payload.byteLength <= this.#deps.inlineBytes ? message.payload : null;
    const onLost = (): void => {
      metrics.count('relay_dropped_total');
      this.#miss(message);
    };
    if (this.#deps.linkOf(partition)?.up !== true) {
      onLost();
      return;
    }
    const bytes = this.#encode({ ...message, payload });
    metrics.count('relay_published_total');
    metrics.count('relay_published_bytes_total', bytes.byteLength);
    if (payload === null) metrics.count('relay_hints_total');
    this.#push(partition, { channel: this.#deps.channels.rows(message.documentId), bytes, onLost });
  }

  pushPresence(documentId: DocumentId, node: string, update: Uint8Array): void {
    const { clock, telemetry, channels } = this.#deps;
    const partition = partitionOf(documentId);
    const onLost = (): void => telemetry.metrics.count('presence_dropped_total');
    if (this.#deps.linkOf(partition)?.up !== true) {
      onLost();
      return;
    }
    telemetry.metrics.count('presence_published_total');
    const bytes = encodeFrame({ kind: 'presence', node, sentAt: clock.now(), update });
    this.#push(partition, { channel: channels.presence(documentId), bytes, onLost });
  }

  /** A word to all nodes. */
  pushWord(kind: 'alive' | 'goodbye'): void {
    const { node, clock, channels } = this.#deps;
    const bytes = encodeFrame({ kind, node, sentAt: clock.now() });
    this.#push(0, { channel: channels.nodes, bytes, onLost: () => undefined });
  }

  /** Tells the newest row of each document that lost one, as far as some partitions are concerned. */
  makeGood(partitions: readonly number[]): void {
    const back = new Set(partitions);
    for (const [documentId, row] of this.#missed) {
      const partition = partitionOf(documentId);
      if (!back.has(partition)) continue;
      this.#missed.delete(documentId);
      this.#deps.telemetry.metrics.count('relay_hints_total');
      const bytes = this.#encode({ ...row, node: this.#deps.node, payload: null });
      this.#push(partition, { channel: this.#deps.channels.rows(documentId), bytes, onLost: () => this.#miss(row) });
    }
  }

  #encode({ node, epoch, seq, payload }: Omit<RelayMessage, 'documentId'>): Buffer {
    return encodeFrame({ kind: 'row', node, sentAt: this.#deps.clock.now(), epoch, seq, payload });
  }

  #miss({ documentId, epoch, seq }: RowName): void {
    const known = this.#missed.get(documentId);
    if (known !== undefined && (known.epoch > epoch || (known.epoch === epoch && known.seq >= seq))) return;
    this.#missed.delete(documentId);
    this.#missed.set(documentId, { documentId, epoch, seq });
    for (const oldest of this.#missed.keys()) {
      if (this.#missed.size <= MISSED_LIMIT) return;
      this.#missed.delete(oldest);
    }
  }

  #push(partition: number, publication: Publication): void {
    this.#waiting.push({ partition, publication });
    if (this.#armed) return;
    this.#armed = true;
    this.#deps.clock.soon(() => {
      this.flush();
    });
  }

  /** Sends what was collected. */
  flush(): void {
    this.#armed = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [link, some] of Map.groupBy(waiting, ({ partition }) => this.#deps.linkOf(partition))) {
      const publications = some.map(({ publication }) => publication);
      if (link !== null) link.publish(publications);
      else for (const { onLost } of publications) onLost();
    }
  }
}
