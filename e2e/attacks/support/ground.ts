import * as Y from 'yjs';
import type { Role } from '@scriptorium/shared/roles';
import { authFrame, step1Frame, updateFrame } from '../../support/frames.ts';
import { type RawClient, connectRaw, joinRaw } from '../../support/raw-client.ts';
import { mintToken } from '../../support/tokens.ts';
import { withDeadline } from '../../support/wait-until.ts';
import type { AttackTarget } from './attack-target.ts';
import type { Provoked } from './reply.ts';

/** What the honest author wrote into every attacked document, in its root `text`. */
export const HONEST = 'written by an honest author';

/** Who may do what in a token of a test. */
export interface Bearer {
  readonly sub?: string;
  readonly tenant?: string;
  /** Default `editor`. */
  readonly role?: Role;
  readonly expiresIn?: number;
}

/** Where one attack happens: a server, and a document in which an honest author wrote something. */
export class Ground {
  readonly target: AttackTarget;
  readonly document: string;
  /** The author's replica; its clientID is known to the attacker, as everybody's is. */
  readonly authored = new Y.Doc();
  #author: Provoked | null = null;
  readonly #connections: RawClient[] = [];

  constructor(target: AttackTarget, document: string) {
    this.target = target;
    this.document = document;
  }

  /** The author comes in and writes; what follows is the attack. */
  async prepare(): Promise<void> {
    this.#author = await this.join({ sub: 'author' });
    this.authored.getText('text').insert(0, HONEST);
    const from = this.author.frames.length;
    this.author.send(updateFrame(this.document, Y.encodeStateAsUpdate(this.authored)));
    await this.author.waitForFrame((frame) => frame.kind === 'sync-status', 'the author is acknowledged', from);
  }

  /** The author's connection, which sees what everybody in the document sees. */
  get author(): Provoked {
    if (this.#author === null) throw new Error('the ground is not prepared');
    return this.#author;
  }

  /** A connection that nobody signed in on. */
  async connect(headers: Readonly<Record<string, string>> = {}): Promise<Provoked> {
    const connected = await connectRaw(this.target.collabUrl, headers);
    const client = Object.assign(connected, { patienceMs: this.target.answerMs });
    this.#connections.push(client);
    return client;
  }

  /** Signs in as the attacker, by default, who may write in this document alone. */
  async join(bearer: Bearer = {}, document: string = this.document): Promise<Provoked> {
    const client = await this.connect();
    const token = await this.token(bearer, document);
    if (bearer.role !== 'viewer') await joinRaw(client, document, token);
    else {
      client.send(authFrame(document, token), step1Frame(document));
      await client.waitForFrame((frame) => frame.kind === 'step2', 'a reader is let in');
    }
    return client;
  }

  /** A token for one document. */
  token(
    { sub = 'mallory', role = 'editor', ...claims }: Bearer = {},
    document: string = this.document,
  ): Promise<string> {
    return mintToken({ sub, role: null, documents: { [document]: role }, ...claims });
  }

  /** The document's text as somebody reads it who comes in now. */
  async readText(root = 'text'): Promise<string> {
    const reader = await this.join({ sub: 'reader', role: 'viewer' });
    const text = reader.readText(root);
    reader.socket.terminate();
    return text;
  }

  /** Ends every connection of the attack, and those that are left half open too. */
  async leave(): Promise<void> {
    for (const { socket } of this.#connections) socket.terminate();
    const gone = Promise.all(this.#connections.map(({ ended }) => ended));
    await withDeadline(gone, { what: 'the end of the attack' }).catch(() => {});
    this.authored.destroy();
  }
}
