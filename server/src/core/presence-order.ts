import type { PresenceClaim, PresenceRelay } from './presence-relay.ts';

/** What of a message is news. */
export interface PresenceNews {
  readonly claims: readonly PresenceClaim[];
  /** For a message that names everybody: whom it does not name and a later one has spoken of. `null` for changes. */
  readonly spare: ReadonlySet<number> | null;
}

interface Heard {
  /** Everything up to this stamp is void, unless it was taken when it came. */
  floor: number;
  /** The stamp of the last word about a client, where it is above the floor. */
  readonly clients: Map<number, number>;
}

/** Clients whose stamps are remembered for each node. */
const CLIENTS = 1_000;

/** Sorts out what other nodes say about one document, since messages may be late, doubled and in another order. */
export class PresenceOrder {
  readonly #nodes = new Map<string, Heard>();

  /** Takes a node's message; `null` when a later one has replaced all of it. */
  take(node: string, { kind, stamp, claims }: PresenceRelay): PresenceNews | null {
    const heard = this.#nodes.get(node) ?? { floor: -1, clients: new Map<number, number>() };
    this.#nodes.set(node, heard);
    if (stamp <= heard.floor) return null;
    const news = claims.filter(({ client }) => (heard.clients.get(client) ?? -1) < stamp);
    if (kind === 'changes') {
      for (const { client } of news) heard.clients.set(client, stamp);
      if (heard.clients.size > CLIENTS) replaceAll(heard, stamp);
      return { claims: news, spare: null };
    }
    replaceAll(heard, stamp);
    return { claims: news, spare: new Set(heard.clients.keys()) };
  }

  forget(node: string): void {
    this.#nodes.delete(node);
  }
}

function replaceAll(heard: Heard, stamp: number): void {
  heard.floor = stamp;
  for (const [client, last] of heard.clients) if (last <= stamp) heard.clients.delete(client);
}
