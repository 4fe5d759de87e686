import * as Y from 'yjs';
import { authFrame, updateFrame } from '../../support/frames.ts';
import { connectRaw, joinRaw, type RawClient } from '../../support/raw-client.ts';
import { callRest } from '../../support/rest-client.ts';
import type { ClusterNode } from './cluster.ts';

export const ROOT = 'markers';

/** Somebody who goes on writing and reading by every way there is, whatever the server says. */
export class RevokedClient {
  readonly document: string;
  readonly name: string;
  /** When each marker was sent, by the monotonic clock. */
  readonly sent = new Map<string, number>();
  /** When a REST read or a login that succeeded was begun. */
  readonly letIn: number[] = [];
  readonly #node: ClusterNode;
  readonly #token: string;
  readonly #doc = new Y.Doc();
  readonly #client: RawClient;
  #count = 0;

  private constructor(deps: {
    readonly node: ClusterNode;
    readonly document: string;
    readonly token: string;
    readonly client: RawClient;
  }) {
    this.document = deps.document;
    this.name = `${deps.document}-${deps.node.index}`;
    this.#node = deps.node;
    this.#token = deps.token;
    this.#client = deps.client;
  }

  static async join(node: ClusterNode, document: string, token: string): Promise<RevokedClient> {
    const client = await connectRaw(node.collabUrl);
    await joinRaw(client, document, token);
    return new RevokedClient({ node, document, token, client });
  }

  /** Writes one marker, and tries to read and to come in again. */
  tick(): void {
    this.#count += 1;
    const marker = `${this.name}.${this.#count}`;
    const before = Y.encodeStateVector(this.#doc);
    this.#doc.getText(ROOT).insert(0, `${marker} `);
    this.sent.set(marker, performance.now());
    if (this.#client.end === null)
      this.#client.send(updateFrame(this.document, Y.encodeStateAsUpdate(this.#doc, before)));
    if (this.#count % 4 === 0) this.#read();
    // A token within a session that is open is a renewal; behind its end it is another login.
    if (this.#count % 8 === 0 && this.#client.end === null && this.#client.count('permission-denied') > 0)
      this.#knock();
  }

  #read(): void {
    const began = performance.now();
    callRest(`${this.#node.url}/v1/documents/${this.document}/content`, { token: this.#token }).then(
      ({ status }) => {
        if (status === 200) this.letIn.push(began);
      },
      () => undefined,
    );
  }

  #knock(): void {
    const began = performance.now();
    const from = this.#client.frames.length;
    this.#client.send(authFrame(this.document, this.#token));
    this.#client
      .waitForFrame((frame) => frame.kind === 'authenticated', 'a login that is let in', from)
      .then(
        () => this.letIn.push(began),
        () => undefined,
      );
  }

  /** What reached it of others' markers. */
  heard(): ReadonlySet<string> {
    return new Set(this.#client.readText(ROOT).split(' '));
  }

  leave(): void {
    this.#client.socket.terminate();
  }
}
