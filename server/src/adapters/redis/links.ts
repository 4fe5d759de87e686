import type { Clock, Timer } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { RedisAccess } from './connection.ts';
import { RedisLink, type LinkDeps } from './link.ts';
import { PARTITIONS } from './partitions.ts';
import type { RedisAddress, RedisTarget } from './redis-url.ts';
import { describeAddress, discoverTopology, type RedisPlace, type RedisTopology } from './topology.ts';

export interface LinksDeps {
  readonly target: RedisTarget;
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Milliseconds that a server may take to answer one question. */
  readonly patience: number;
  readonly probeInterval: number;
  /** Milliseconds between looks at who has what, where that can change. */
  readonly refreshInterval: number;
  readonly maxPendingBytes: number;
  readonly wanted: (place: RedisPlace, sharded: boolean) => readonly (readonly string[])[];
  readonly echoChannel: (place: RedisPlace) => string;
  readonly nextProbe: LinkDeps['nextProbe'];
  readonly onMessage: (link: RedisLink, channel: string, message: Buffer) => void;
  readonly onSubscribed: (channels: readonly string[]) => void;
  readonly onUp: (link: RedisLink) => void;
  /** The link carries no messages any more. */
  readonly onGone: (link: RedisLink) => void;
  readonly onHealth: (healthy: boolean) => void;
}

/** Milliseconds before what failed is tried again: an outage ends for everybody within about one of the longest. */
const FIRST_RETRY = 50;
const LONGEST_RETRY = 1_000;

/**
 * A link to each server that has a part of the channels. Finds out which those are, opens the links, and starts over
 * with whatever broke or moved, after a pause that grows and is never the same for two nodes.
 */
export class RedisLinks {
  readonly #deps: LinksDeps;
  readonly #links = new Map<string, RedisLink>();
  readonly #owners: (RedisLink | null)[] = Array.from({ length: PARTITIONS }, () => null);
  /** Servers that had something when a server was last asked. */
  #known: readonly RedisAddress[] = [];
  #failures = 0;
  #timer: Timer | null = null;
  #refreshing = false;
  #closed = false;
  #healthy = false;

  constructor(deps: LinksDeps) {
    this.#deps = deps;
    this.#refresh();
  }

  /** Whether every partition has a link that carries messages. */
  get healthy(): boolean {
    return this.#healthy;
  }

  ownerOf(partition: number): RedisLink | null {
    return this.#owners[partition] ?? null;
  }

  all(): readonly RedisLink[] {
    return [...this.#links.values()];
  }

  #refresh(): void {
    if (this.#closed || this.#refreshing) return;
    this.#timer?.cancel();
    this.#refreshing = true;
    discoverTopology(this.#deps, this.#known).then(
      (topology) => {
        this.#refreshing = false;
        this.#arrange(topology);
      },
      (error: unknown) => {
        this.#refreshing = false;
        this.#retry(error instanceof Error ? error.message : String(error));
      },
    );
  }

  #retry(reason: string): void {
    if (this.#closed) return;
    const full = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures, 10));
    if (this.#failures === 0) this.#deps.telemetry.log.warn('redis_link_lost', { reason });
    this.#failures += 1;
    this.#refreshIn(full / 2 + (full / 2) * this.#deps.clock.random());
  }

  #refreshIn(milliseconds: number): void {
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(milliseconds, () => {
      this.#refresh();
    });
  }

  /** Keeps the links that are as they should be, closes the others and opens what is missing. */
  #arrange(topology: RedisTopology): void {
    if (this.#closed) return;
    const wanted = new Map(topology.places.map((place) => [keyOf(place), place]));
    this.#known = topology.places.map(({ address }) => address);
    for (const [key, link] of this.#links) {
      if (wanted.has(key)) continue;
      this.#links.delete(key);
      link.close();
      this.#deps.onGone(link);
    }
    this.#owners.fill(null);
    for (const [key, place] of wanted) {
      const link = this.#links.get(key) ?? this.#open(key, { place, topology });
      for (const partition of place.partitions) this.#owners[partition] = link;
    }
    this.#judge();
    const complete = this.#owners.every((owner) => owner !== null);
    if (!complete) this.#retry('no server has some of the slots');
    else if (this.#deps.target.kind !== 'server' || topology.sharded) this.#refreshIn(this.#deps.refreshInterval);
  }

  #open(key: string, at: { readonly place: RedisPlace; readonly topology: RedisTopology }): RedisLink {
    const { place, topology } = at;
    const deps = this.#deps;
    const link: RedisLink = new RedisLink({
      ...deps,
      place,
      sharded: topology.sharded,
      masterOnly: topology.masterOnly,
      wanted: () => deps.wanted(place, topology.sharded),
      echoChannel: deps.echoChannel(place),
      onMessage: (channel, message) => deps.onMessage(link, channel, message),
      onUp: () => {
        deps.telemetry.metrics.count('fan_out_connections_total');
        deps.onUp(link);
        this.#judge();
      },
      onDown: (reason) => {
        if (this.#links.get(key) === link) this.#links.delete(key);
        deps.onGone(link);
        this.#judge();
        this.#retry(`${describeAddress(place.address)}: ${reason}`);
      },
    });
    this.#links.set(key, link);
    return link;
  }

  #judge(): void {
    const healthy = !this.#closed && this.#owners.every((owner) => owner?.up === true);
    if (healthy) this.#failures = 0;
    if (healthy === this.#healthy) return;
    this.#healthy = healthy;
    this.#deps.onHealth(healthy);
  }

  /** Waits for what was published, so long at most, and closes everything. */
  async close(milliseconds: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    const late = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(milliseconds, late.resolve);
    const settled = this.all().map((link) => (link.up ? link.whenSettled() : Promise.resolve()));
    await Promise.race([Promise.all(settled), late.promise]);
    timer.cancel();
    for (const link of this.all()) link.close();
    this.#links.clear();
    this.#owners.fill(null);
    this.#healthy = false;
  }
}

function keyOf({ address, partitions }: RedisPlace): string {
  return `${describeAddress(address)}/${partitions.join(',')}`;
}
