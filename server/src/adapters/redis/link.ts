import type { Clock, Timer } from '../../ports/clock.ts';
import { openConnection, type Connection, type RedisAccess, type RedisCommand, type RedisReply } from './connection.ts';
import type { RedisPlace } from './topology.ts';

/** One message on its way to a channel. */
export interface Publication {
  readonly channel: string;
  readonly bytes: Buffer;
  /** The server did not take it, or nobody knows whether it did. */
  readonly onLost: () => void;
}

export interface LinkDeps {
  readonly place: RedisPlace;
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly sharded: boolean;
  readonly masterOnly: boolean;
  /** Milliseconds that one step of the way up may take. */
  readonly patience: number;
  /** Milliseconds between looks at the echo. */
  readonly probeInterval: number;
  /** Bytes that may wait for the server's answer. */
  readonly maxPendingBytes: number;
  /** Channels to subscribe to on the way up, in groups that one command may name. */
  readonly wanted: () => readonly (readonly string[])[];
  /** Channel on which this node hears itself over this link. */
  readonly echoChannel: string;
  /** Makes a message for that channel, with a number that no other one has. */
  readonly nextProbe: () => { readonly number: number; readonly bytes: Buffer };
  readonly onMessage: (channel: string, message: Buffer) => void;
  /** The channels are subscribed to. */
  readonly onSubscribed: (channels: readonly string[]) => void;
  /** The link carries messages: every wanted channel is subscribed to, and this node has heard itself. */
  readonly onUp: () => void;
  /** The link is dead. Called once, unless it was closed before. */
  readonly onDown: (reason: string) => void;
}

/**
 * Looks at the echo without an answer before the link counts as dead. Counted, not timed: when this process itself stood
 * still, the answer waits to be read.
 */
const MISSED_LOOKS = 4;

/** A change of what is subscribed to; one waits for the other, since the last one counts. */
interface Step {
  readonly command: 'subscribe' | 'unsubscribe';
  readonly channels: readonly string[];
}

/**
 * Two connections to one server, one to publish and one to listen, which live and die together: a link is opened, carries
 * messages, and ends for good with the first thing that goes wrong. It hears itself all the time, so a server that hangs
 * and a connection that leads to the wrong one are noticed, whichever of the two it is.
 */
export class RedisLink {
  readonly place: RedisPlace;
  readonly #deps: LinkDeps;
  readonly #publisher: Connection;
  readonly #subscriber: Connection;
  readonly #steps: Step[] = [];
  readonly #settled: (() => void)[] = [];
  #state: 'opening' | 'up' | 'down' = 'opening';
  /** Whether the wanted channels were asked for, so that later ones must be asked for one by one. */
  #listening = false;
  #stepping = false;
  #timer: Timer | null = null;
  /** Number of the probe that was not heard yet. */
  #unheard: number | null = null;
  #missed = 0;
  #pendingBytes = 0;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.place = deps.place;
    const common = { address: deps.place.address, access: deps.access, onEnd: (reason: string) => this.#fail(reason) };
    this.#publisher = openConnection({ ...common, name: 'scriptorium-publisher' });
    this.#subscriber = openConnection({
      ...common,
      name: 'scriptorium-subscriber',
      onMessage: deps.onMessage,
      onMoved: () => this.#fail('channels were moved'),
    });
    this.#open().catch((error: unknown) => {
      this.#fail(error instanceof Error ? error.message : String(error));
    });
  }

  get echoChannel(): string {
    return this.#deps.echoChannel;
  }

  get up(): boolean {
    return this.#state === 'up';
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  async #open(): Promise<void> {
    const { masterOnly, wanted, echoChannel } = this.#deps;
    this.#wait('no connection');
    await Promise.all([this.#publisher.ready, this.#subscriber.ready]);
    if (masterOnly) await this.#checkRole();
    this.#listening = true;
    this.#steps.push({ command: 'subscribe', channels: [echoChannel] });
    for (const channels of wanted()) this.#steps.push({ command: 'subscribe', channels });
    await this.#takeSteps();
    this.#look();
  }

  /** A master that was demoted meanwhile would take messages and give them to nobody. */
  async #checkRole(): Promise<void> {
    const [reply] = await this.#publisher.send([['role']]);
    const role = reply?.kind === 'value' && Array.isArray(reply.value) ? String(reply.value[0]) : 'master';
    if (role !== 'master') throw new Error(`the server is a ${role}`);
  }

  /** Ends the link unless something calls this again, or goes on otherwise, in time. */
  #wait(reason: string): void {
    this.#timer?.cancel();
    if (this.#state === 'down') return;
    this.#timer = this.#deps.clock.after(this.#deps.patience, () => {
      this.#fail(reason);
    });
  }

  /** Asks for channels of one partition; false when the link has yet to ask for what is wanted, or is dead. */
  subscribe(channels: readonly string[]): boolean {
    return this.#step({ command: 'subscribe', channels });
  }

  unsubscribe(channels: readonly string[]): void {
    this.#step({ command: 'unsubscribe', channels });
  }

  #step(step: Step): boolean {
    if (this.#state === 'down' || !this.#listening || step.channels.length === 0) return false;
    this.#steps.push(step);
    if (this.#stepping) return true;
    this.#takeSteps().catch((error: unknown) => {
      this.#fail(error instanceof Error ? error.message : String(error));
    });
    return true;
  }

  async #takeSteps(): Promise<void> {
    this.#stepping = true;
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) {
      if (this.#state === 'opening') this.#wait('no answer to a subscription');
      const prefix = this.#deps.sharded ? 's' : '';
      const [reply] = await this.#subscriber.send([[`${prefix}${step.command}`, ...step.channels]]);
      if (reply?.kind !== 'value') throw new Error(reply?.message ?? 'no reply');
      if (step.command === 'subscribe') this.#deps.onSubscribed(step.channels);
    }
    this.#stepping = false;
  }

  /** Takes the echo of a probe. */
  echo(number: number): void {
    if (number !== this.#unheard) return;
    this.#unheard = null;
    if (this.#state !== 'opening') return;
    this.#state = 'up';
    this.#deps.onUp();
  }

  #look(): void {
    if (this.#state === 'down') return;
    if (this.#unheard === null) {
      const { number, bytes } = this.#deps.nextProbe();
      this.#unheard = number;
      this.#missed = 0;
      this.#send([{ channel: this.#deps.echoChannel, bytes, onLost: () => undefined }]);
    } else {
      this.#missed += 1;
    }
    if (this.#missed >= MISSED_LOOKS) {
      this.#fail('the server hangs');
      return;
    }
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(this.#deps.probeInterval, () => {
      this.#look();
    });
  }

  /** Publishes in one write what there is room for; the rest is lost. */
  publish(publications: readonly Publication[]): void {
    const taken: Publication[] = [];
    let room = this.#state === 'up' ? this.#deps.maxPendingBytes - this.#pendingBytes : 0;
    for (const publication of publications) {
      if (publication.bytes.byteLength > room) {
        publication.onLost();
        continue;
      }
      room -= publication.bytes.byteLength;
      taken.push(publication);
    }
    this.#send(taken);
  }

  #send(publications: readonly Publication[]): void {
    if (publications.length === 0) return;
    const command = this.#deps.sharded ? 'spublish' : 'publish';
    const bytes = publications.reduce((sum, publication) => sum + publication.bytes.byteLength, 0);
    this.#pendingBytes += bytes;
    const commands = publications.map(({ channel, bytes }): RedisCommand => [command, channel, bytes]);
    this.#publisher.send(commands).then(
      (replies) => {
        this.#pendingBytes -= bytes;
        this.#settle(publications, replies);
      },
      (error: unknown) => {
        this.#pendingBytes -= bytes;
        this.#settle(publications, []);
        this.#fail(String(error));
      },
    );
  }

  #settle(publications: readonly Publication[], replies: readonly RedisReply[]): void {
    let failure: string | null = null;
    publications.forEach((publication, index) => {
      const reply = replies[index];
      if (reply?.kind === 'value') return;
      failure ??= reply?.message ?? 'no reply';
      publication.onLost();
    });
    if (failure !== null) this.#fail(failure);
    if (this.#pendingBytes === 0) for (const wake of this.#settled.splice(0)) wake();
  }

  /** Resolves when everything that was published is answered or lost. */
  whenSettled(): Promise<void> {
    if (this.#pendingBytes === 0) return Promise.resolve();
    return new Promise((wake) => {
      this.#settled.push(wake);
    });
  }

  #fail(reason: string): void {
    if (this.#state === 'down') return;
    this.close();
    this.#deps.onDown(reason);
  }

  close(): void {
    this.#state = 'down';
    this.#timer?.cancel();
    this.#publisher.close();
    this.#subscriber.close();
  }
}
