import { DEFAULT_TENANT, type DocumentName } from '@scriptorium/shared/document-name';
import { parseGrantResource, type GrantResource } from '@scriptorium/shared/grant-resource';
import type { GrantSubject } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';
import { decide } from '../../src/core/permissions.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import type { Identity } from '../../src/ports/token-verifier.ts';
import type { EmbeddedStore } from '../contracts/embedded-store.ts';
import { searchEntry } from '../contracts/search-index-fixtures.ts';
import { AT, BY, name, removeNow } from '../contracts/store-under-test.ts';
import { createIdentity, createRights } from '../support/identities.ts';
import { createRandom, type Random } from '../support/random.ts';

export const FOLDERS = ['team', 'team/plans', 'team/plans/deep', 'private', 'private/ada', 'open', 'o'] as const;
const COMMON = ['meeting', 'budget', 'garden', 'weather', 'harvest'] as const;

/** A document of the probes. */
export interface Written {
  record: DocumentRecord;
  /** A word that stands in this document alone. */
  readonly word: string;
  readonly common: string;
  isGone: boolean;
  /** Whether the index still has an earlier name of it. */
  isStale: boolean;
}

/** Documents, people and grants that change all the time, and what the test itself knows of them. */
export class ProbedWorld {
  readonly random: Random;
  readonly documents: Written[] = [];
  readonly people: Identity[] = [];
  /** What was granted, by subject and resource: the test's own book. */
  readonly granted = new Map<
    string,
    { readonly subject: GrantSubject; readonly resource: GrantResource; readonly role: Role }
  >();
  /** Whom the last change of a grant was about; they ask next, before any node could have heard of it by itself. */
  changed: Identity | null = null;
  readonly #store: EmbeddedStore;
  readonly #index: SearchIndex;
  #names = 0;

  constructor(store: EmbeddedStore, index: SearchIndex, seed: number) {
    this.random = createRandom(seed);
    this.#store = store;
    this.#index = index;
  }

  pick<T>(values: readonly T[]): T {
    const picked = values[this.random.below(values.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  newName(): DocumentName {
    this.#names += 1;
    return name(`${this.pick(FOLDERS)}/d${this.#names}`);
  }

  async addDocument(): Promise<void> {
    const { record } = await this.#store.catalog.create(DEFAULT_TENANT, this.newName(), 'ada', AT);
    const letters = Array.from({ length: 10 }, () => String.fromCharCode(97 + this.random.below(26))).join('');
    const written = { record, word: `zq${letters}`, common: this.pick(COMMON), isGone: false, isStale: false };
    this.documents.push(written);
    const texts = [
      `${written.common} with ${written.word}`,
      `# ${written.word} heading`,
      `more ${written.common}`,
    ] as const;
    const facts = {
      documentId: record.id,
      name: record.name,
      authors: [this.pick(['ada', 'bob'])],
      tags: [this.pick(['red', 'blue'])],
    };
    await this.#index.write([searchEntry(DEFAULT_TENANT, [`Title ${written.word}`, ...texts], facts)]);
  }

  addPerson(at: number): void {
    const roles: readonly Role[] = ['none', 'none', 'none', 'viewer'];
    const entries = Array.from(
      { length: this.random.below(4) },
      () => [this.pickResource(), this.pick<Role>(['none', 'viewer', 'editor'])] as const,
    );
    const groups = this.random.below(2) === 0 ? [] : [`g${this.random.below(3)}`];
    this.people.push(createIdentity({ user: `u${at}`, role: this.pick(roles), documents: new Map(entries), groups }));
  }

  pickResource(): GrantResource {
    const exact = this.documents.length > 0 && this.random.below(3) === 0;
    const text = exact
      ? this.pick(this.documents).record.name
      : `${this.pick(FOLDERS)}${this.pick(['*', '/*', '/d1*'])}`;
    const resource = parseGrantResource(text);
    if (resource === null) throw new Error(`no resource: ${text}`);
    return resource;
  }

  /** Changes what somebody may read, as another node would: nobody here is told. */
  async change(): Promise<void> {
    const kind = this.random.below(10);
    if (kind < 4) await this.#grant();
    else if (kind < 8) await this.#revoke();
    else if (kind === 8) await this.#rename();
    else await this.#remove();
  }

  async #grant(): Promise<void> {
    const person = this.pick(this.people);
    const [group] = person.groups;
    const subject: GrantSubject =
      group !== undefined && this.random.below(2) === 0
        ? { kind: 'group', id: group }
        : { kind: 'user', id: person.user };
    const grant = {
      subject,
      resource: this.pickResource(),
      role: this.pick<Role>(['viewer', 'viewer', 'editor', 'none']),
    };
    await this.#store.grants.set(DEFAULT_TENANT, { ...grant, expiresAt: null, createdAt: AT, createdBy: 'ada' });
    this.granted.set(`${subject.kind}:${subject.id} ${grant.resource}`, grant);
    this.changed = this.#somebodyWith(subject);
  }

  async #revoke(): Promise<void> {
    const [key, grant] = this.granted.size === 0 ? [] : this.pick([...this.granted]);
    if (key === undefined || grant === undefined) return;
    await this.#store.grants.revoke(DEFAULT_TENANT, grant.subject, grant.resource, BY);
    this.granted.delete(key);
    this.changed = this.#somebodyWith(grant.subject);
  }

  #somebodyWith({ kind, id }: GrantSubject): Identity | null {
    return this.people.find((person) => (kind === 'user' ? person.user === id : person.groups.includes(id))) ?? null;
  }

  /** The index still has the old name. A document's own grants go along. */
  async #rename(): Promise<void> {
    const document = this.pick(this.documents.filter(({ isGone }) => !isGone));
    const [from, to] = [document.record.name, this.newName()];
    const outcome = await this.#store.catalog.rename(DEFAULT_TENANT, from, to, BY);
    if (outcome.kind !== 'renamed') throw new Error('not renamed');
    document.record = outcome.record;
    document.isStale = true;
    for (const [key, grant] of this.granted) {
      if (grant.resource !== (from as string)) continue;
      this.granted.delete(key);
      const resource = to as unknown as GrantResource;
      this.granted.set(`${grant.subject.kind}:${grant.subject.id} ${resource}`, { ...grant, resource });
    }
  }

  async #remove(): Promise<void> {
    const document = this.pick(this.documents.filter(({ isGone }) => !isGone));
    await removeNow(this.#store, document.record);
    document.isGone = true;
    for (const [key, { resource }] of this.granted)
      if (resource === (document.record.name as string)) this.granted.delete(key);
    await this.addDocument();
  }

  mayRead(person: Identity, document: Written): boolean {
    if (document.isGone) return false;
    const maps = [{ kind: 'user', id: person.user }, ...person.groups.map((id) => ({ kind: 'group', id }))].map(
      (subject) =>
        new Map(
          [...this.granted.values()]
            .filter((grant) => grant.subject.kind === subject.kind && grant.subject.id === subject.id)
            .map(({ resource, role }) => [resource as string, role] as const),
        ),
    );
    const rights = createRights({ role: person.role, documents: person.documents, granted: maps });
    return decide(rights, document.record.name, 'read').kind === 'allowed';
  }
}
