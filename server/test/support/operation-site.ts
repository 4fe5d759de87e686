import type { Role } from '@scriptorium/shared/roles';
import { createCaller, type Caller } from '../node/rest-calls.ts';
import { signToken } from '../node/test-node.ts';
import { waitUntil } from './wait-until.ts';

/** What a call says besides its operation. */
export interface Sent {
  /** Parameters in the path, by name. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object | string;
  /** Media type of the body; JSON without it. */
  readonly type?: string;
}

/** A tenant in which somebody of one role calls operations, and an admin makes what they are about. */
export class OperationSite {
  /** Who calls. */
  readonly user = 'ada';
  readonly token: string;
  /** A document that stays, and is found. */
  readonly standing: string;
  /** Somebody who is being erased. */
  readonly erased = 'gone';
  /** Wants no event, so nothing is sent anywhere. */
  readonly webhook = { url: 'https://example.org/hook', documents: ['nothing/*'] } as const;
  readonly #root: Caller;
  readonly #own: Caller;
  readonly #word: string;
  #names = 0;

  private constructor(parts: {
    readonly token: string;
    readonly root: Caller;
    readonly own: Caller;
    readonly role: Role;
  }) {
    this.token = parts.token;
    this.#root = parts.root;
    this.#own = parts.own;
    this.standing = `standing-${parts.role}`;
    this.#word = `quixotic${parts.role}`;
  }

  /** Makes a site for a role on a node. */
  static async open(node: { readonly port: number }, role: Role): Promise<OperationSite> {
    const tenant = `of-${role}`;
    const token = await signToken({ sub: 'ada', tenant, role });
    const root = await createCaller(node, { sub: 'root', tenant, role: 'admin' });
    const own = await createCaller(node, { sub: 'ada', tenant, role });
    const site = new OperationSite({ token, root, own, role });
    await site.#ask('PUT', `/documents/${site.standing}/content`, `${site.#word}\n`);
    await site.#ask('POST', `/users/${site.erased}/erasure`);
    return site;
  }

  async #ask(method: string, path: string, body?: object | string): Promise<Readonly<Record<string, unknown>>> {
    const type = typeof body === 'string' ? { type: 'text/markdown' } : {};
    const { status, text, json } = await this.#root(method, path, { ...(body !== undefined && { body }), ...type });
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    return json;
  }

  newName(): string {
    this.#names += 1;
    return `doc${this.#names}`;
  }

  /** A document with so many rows. */
  async newDocument(rows = 1): Promise<string> {
    const name = this.newName();
    for (let row = 1; row <= rows; row += 1) await this.#ask('PUT', `/documents/${name}/content`, `words ${row}\n`);
    return name;
  }

  /** A document's name and the id of a version of it. */
  async newVersion(): Promise<{ readonly name: string; readonly version: string }> {
    const name = await this.newDocument();
    const { id } = await this.#ask('POST', `/documents/${name}/versions`, { label: 'first' });
    return { name, version: String(id) };
  }

  /** A document that is published, and the id of its page. */
  async newPublication(): Promise<{ readonly name: string; readonly id: string }> {
    const name = await this.newDocument();
    return { name, id: await this.publish(name) };
  }

  /** Publishes a document; the id in the address of its page. */
  async publish(name: string): Promise<string> {
    const { path } = await this.#ask('PUT', `/documents/${name}/publication`, {});
    return String(path).replace(/^\/p\//, '');
  }

  async newErasure(): Promise<string> {
    const { id } = await this.#ask('POST', `/documents/${await this.newDocument()}/erasure`);
    return String(id);
  }

  /** Somebody who can be readmitted: an erasure takes the time that everything under way may take. */
  async erasedPerson(): Promise<string> {
    await waitUntil(
      'a person is erased',
      async () => typeof (await this.#ask('GET', `/users/${this.erased}/erasure`))['finishedAt'] === 'string',
      55_000,
    );
    return this.erased;
  }

  async newKey(): Promise<string> {
    const { key } = await this.#ask('POST', '/api-keys', { label: 'a machine', role: 'viewer' });
    return (key as { readonly id: string }).id;
  }

  async newWebhook(): Promise<string> {
    const { webhook } = await this.#ask('POST', '/webhooks', this.webhook);
    return (webhook as { readonly id: string }).id;
  }

  /** A document that somebody was given. */
  async grant(user: string): Promise<string> {
    const name = await this.newDocument();
    await this.#ask('PUT', `/documents/${name}/grants/user:${user}`, { role: 'viewer' });
    return name;
  }

  /** A pattern that somebody was given. */
  async grantPattern(user: string): Promise<string> {
    const resource = `${this.newName()}/*`;
    await this.#ask('PUT', '/grants', { subject: `user:${user}`, resource, role: 'viewer' });
    return resource;
  }

  /** A job of whoever calls. */
  async newJob(): Promise<string> {
    const documents = [
      {
        name: await this.newDocument(),
        operations: [{ op: 'insertBlock', to: { at: 'end' }, node: { type: 'paragraph' } }],
      },
    ];
    const { json } = await this.#own('POST', '/changes', { body: { documents } });
    return String(json['id']);
  }

  /** Waits for the end of a job; what became of it. */
  async finish(answer: string): Promise<string> {
    const { id } = JSON.parse(answer) as { readonly id: string };
    let text = '';
    await waitUntil('the job is finished', async () => {
      const job = await this.#own('GET', `/jobs/${id}`);
      text = JSON.stringify(job.json['documents']);
      return job.json['status'] === 'finished';
    });
    return text;
  }

  /** A word of the document that stays, once it is found. */
  async newWord(): Promise<string> {
    await waitUntil('the document is found', async () =>
      JSON.stringify(await this.#ask('GET', `/search?q=${this.#word}`)).includes(this.standing),
    );
    return this.#word;
  }
}
