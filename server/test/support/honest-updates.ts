import * as Y from 'yjs';
import { editRandomly, honestRoots } from './honest-edits.ts';
import { createRandom, type Random } from './random.ts';

/** An update that an honest client sends to the server. */
export interface HonestUpdate {
  readonly bytes: Uint8Array;
  /** ClientID of the sender. */
  readonly client: number;
  /** How it came about, for messages. */
  readonly via: 'edit' | 'state' | 'diff' | 'merge' | 'repeat';
}

/** People who edit one document at the same time over a server that hands on everything in order. */
export interface HonestWorld {
  readonly random: Random;
  readonly docs: readonly Y.Doc[];
  /** Lets somebody do something and returns what it makes the clients send. In order, all are causally ready. */
  step(): readonly HonestUpdate[];
  /** Everybody receives everything. Returns what that made the clients send. */
  settle(): readonly HonestUpdate[];
  destroy(): void;
}

/** Makes a world of `people` from a seed. */
export function createHonestWorld(seed: number, people = 3): HonestWorld {
  const random = createRandom(seed);
  const sent: HonestUpdate[] = [];
  const log: Uint8Array[] = [];
  const writers = Array.from(
    { length: people },
    (_, number) =>
      new Writer(random, number, (update) => {
        log.push(update.bytes);
        sent.push(update);
      }),
  );
  const receive = (writer: Writer): void => writer.receive(log);
  const flush = (): readonly HonestUpdate[] => sent.splice(0);
  return {
    random,
    docs: writers.map((writer) => writer.doc),
    step: () => {
      const writer = random.pick(writers);
      if (random.chance(0.4)) receive(writer);
      writer.act();
      const updates = flush();
      return random.chance(0.15) ? [...updates, ...writer.resend(log)] : updates;
    },
    settle: () => {
      // Receiving formatted text makes Yjs send clean-ups, which the others have to receive in turn.
      for (let round = 0; round < 10; round += 1) for (const writer of writers) receive(writer);
      return flush();
    },
    destroy: () => {
      for (const writer of writers) writer.doc.destroy();
    },
  };
}

class Writer {
  readonly doc = new Y.Doc();
  readonly #random: Random;
  readonly #undo: Y.UndoManager;
  #received = 0;

  constructor(random: Random, number: number, send: (update: HonestUpdate) => void) {
    this.#random = random;
    // Seeded, so that a failing run can be repeated; both small and large ids.
    this.doc.clientID = 10 * random.below(random.chance(0.3) ? 1000 : 400_000_000) + number;
    this.#undo = new Y.UndoManager([...honestRoots(this.doc)], { captureTimeout: 0 });
    this.doc.on('update', (bytes: Uint8Array, origin: unknown) => {
      if (origin !== 'remote') send({ bytes, client: this.doc.clientID, via: 'edit' });
    });
  }

  receive(log: readonly Uint8Array[]): void {
    const until = log.length;
    for (; this.#received < until; this.#received += 1) {
      const update = log[this.#received];
      if (update !== undefined) Y.applyUpdate(this.doc, update, 'remote');
    }
  }

  act(): void {
    const { doc } = this;
    const random = this.#random;
    if (random.chance(0.06)) this.#undo.undo();
    else if (random.chance(0.04)) this.#undo.redo();
    else if (random.chance(0.25)) {
      doc.transact(() => {
        for (let count = 1 + random.below(5); count > 0; count -= 1) editRandomly(doc, random);
      });
    } else editRandomly(doc, random);
  }

  /** What a client sends after a reconnect, or a tab hands on: the same content in other pieces. */
  resend(log: readonly Uint8Array[]): HonestUpdate[] {
    const client = this.doc.clientID;
    const random = this.#random;
    const kind = random.below(4);
    const known = log[random.below(log.length)];
    if (known === undefined) return [];
    if (kind === 0) return [{ bytes: Y.encodeStateAsUpdate(this.doc), client, via: 'state' }];
    if (kind === 1) {
      const stateVector = partOfStateVector(this.doc, random);
      return [{ bytes: Y.encodeStateAsUpdate(this.doc, stateVector), client, via: 'diff' }];
    }
    if (kind === 2) {
      const from = random.below(log.length);
      return [{ bytes: Y.mergeUpdates(log.slice(from, from + 1 + random.below(20))), client, via: 'merge' }];
    }
    return [{ bytes: known, client, via: 'repeat' }];
  }
}

/** The state vector of somebody who has seen only some of it. */
function partOfStateVector(doc: Y.Doc, random: Random): Uint8Array {
  const clocks = Y.decodeStateVector(Y.encodeStateVector(doc));
  for (const [client, clock] of clocks) {
    if (random.chance(0.5)) clocks.set(client, random.below(clock + 1));
    if (random.chance(0.1)) clocks.delete(client);
  }
  return Y.encodeStateVector(clocks);
}
