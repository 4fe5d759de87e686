import { DEFAULT_TENANT, type DocumentName, type Tenant } from '@scriptorium/shared/document-name';
import { parseGrantResource, type GrantResource } from '@scriptorium/shared/grant-resource';
import type { GrantSubject } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';
import { decide } from '../../src/core/permissions.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import type { Identity } from '../../src/ports/token-verifier.ts';
import type { EmbeddedStore } from '../contracts/embedded-store.ts';
import { searchEntry } from '../contracts/search-index-fixtures.ts';
import { AT, BY, name, newTenant, removeNow } from '../contracts/store-under-test.ts';
import { createIdentity, createRights } from '../support/identities.ts';
import { createRandom, type Random } from '../support/random.ts';

export const FOLDERS = ['team', 'team/plans', 'team/plans/deep', 'private', 'private/ada', 'open', 'o'] as const;
/** Both have documents of the same names. */
const TENANTS: readonly Tenant[] = [DEFAULT_TENANT, newTenant()];
/** Documents that are gone and that the index still has. */
const INDEX_LAG = 100;
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

/** A grant in the test's own book. */
interface Granted {
  readonly tenant: Tenant;
  readonly subject: GrantSubject;
  readonly resource: GrantResource;
  readonly role: Role;
}

/** Documents, people and grants of two tenants that change all the time, and what the test itself knows of them. */
export class ProbedWorld {
  readonly random: Random;
  readonly documents: Written[] = [];
  readonly people: Identity[] = [];
  /** What was granted, by tenant, subject and resource. */
  readonly granted = new Map<string, Granted>();
  /** Whom the last change of a grant was about; they ask next, before any node could have heard of it by itself. */
  changed: Identity | null = null;
  readonly #store: EmbeddedStore;
  readonly #index: SearchIndex;
  readonly #names = new Map<Tenant, number>();
  /** Documents that are gone and still in the index, oldest first. */
  readonly #gone: Written[] = [];

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

  newName(tenant: Tenant): DocumentName {
    const number = (this.#names.get(tenant) ?? 0) + 1;
    this.#names.set(tenant, number);
    return name(`${FOLDERS[number % FOLDERS.length]}/d${number}`);
  }

  async addDocument(): Promise<void> {
    const tenant = this.pick(TENANTS);
    const { record } = await this.#store.catalog.create(tenant, this.newName(tenant), 'ada', AT);
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
    await this.#index.write([searchEntry(tenant, [`Title ${written.word}`, ...texts], facts)]);
  }

  addPerson(at: number): void {
    const roles: readonly Role[] = ['none', 'none', 'none', 'viewer'];
    const entries = Array.from(
      { length: this.random.below(4) },
      () => [this.pickResource(), this.pick<Role>(['none', 'viewer', 'editor'])] as const,
    );
    const groups = this.random.below(2) === 0 ? [] : [`g${this.random.below(3)}`];
    const tenant = this.pick(TENANTS);
    const links = this.random.below(2) === 0 ? [] : [`${tenant}-link-${this.random.below(5)}`];
    const documents = new Map(entries);
    // The same people and groups are known to both tenants.
    const user = `u${at % 12}`;
    this.people.push(createIdentity({ tenant, user, role: this.pick(roles), documents, groups, links }));
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
    const { tenant } = person;
    const subject = this.pick(subjectsOf(person));
    const isKnown = [...this.granted.values()].some((one) => one.tenant === tenant && isSame(one.subject, subject));
    const resource = this.pickResource();
    const role = this.pick<Role>(['viewer', 'viewer', 'editor', 'none']);
    const grant = { subject, resource, role, expiresAt: null, createdAt: AT, createdBy: 'ada' };
    // A link opens one thing, and is made once.
    if (subject.kind === 'link' && isKnown) return;
    if (subject.kind === 'link') await this.#store.grants.addLink(tenant, grant, 'hash of a secret');
    else await this.#store.grants.set(tenant, grant);
    this.granted.set(keyOf(tenant, grant), { tenant, subject, resource, role });
    this.changed = this.#somebodyWith(tenant, subject);
  }

  async #revoke(): Promise<void> {
    const [key, grant] = this.granted.size === 0 ? [] : this.pick([...this.granted]);
    if (key === undefined || grant === undefined) return;
    await this.#store.grants.revoke(grant.tenant, grant.subject, grant.resource, BY);
    this.granted.delete(key);
    this.changed = this.#somebodyWith(grant.tenant, grant.subject);
  }

  #somebodyWith(tenant: Tenant, subject: GrantSubject): Identity | null {
    const isMeant = (person: Identity): boolean =>
      person.tenant === tenant && subjectsOf(person).some((it) => isSame(it, subject));
    return this.people.find(isMeant) ?? null;
  }

  /** The index still has the old name. A document's own grants go along, and what was left at the new name ends. */
  async #rename(): Promise<void> {
    const document = this.pick(this.documents.filter(({ isGone }) => !isGone));
    const { tenant } = document.record;
    const [from, to] = [document.record.name, this.newName(tenant)];
    const outcome = await this.#store.catalog.rename(tenant, from, to, BY);
    if (outcome.kind !== 'renamed') throw new Error('not renamed');
    document.record = outcome.record;
    document.isStale = true;
    for (const [key, grant] of this.granted) {
      if (grant.tenant === tenant && grant.resource === (to as string)) this.granted.delete(key);
    }
    for (const [key, grant] of this.granted) {
      if (grant.tenant !== tenant || grant.resource !== (from as string)) continue;
      this.granted.delete(key);
      const renamed = { ...grant, resource: to as unknown as GrantResource };
      this.granted.set(keyOf(tenant, renamed), renamed);
    }
  }

  async #remove(): Promise<void> {
    const document = this.pick(this.documents.filter(({ isGone }) => !isGone));
    await removeNow(this.#store, document.record);
    document.isGone = true;
    this.#gone.push(document);
    if (this.#gone.length > INDEX_LAG) await this.#takeFromIndex(this.#gone.shift());
    for (const [key, { tenant, resource }] of this.granted) {
      const isItsOwn = tenant === document.record.tenant && resource === (document.record.name as string);
      if (isItsOwn) this.granted.delete(key);
    }
    await this.addDocument();
  }

  /** The index has caught up with what is gone: from now on nothing can show it, and nobody has to look for it. */
  async #takeFromIndex(document: Written | undefined): Promise<void> {
    if (document === undefined) return;
    await this.#index.remove([document.record.id]);
    this.documents.splice(this.documents.indexOf(document), 1);
  }

  mayRead(person: Identity, document: Written): boolean {
    return this.readsOf(person)(document);
  }

  /** What a person may read at this moment. */
  readsOf(person: Identity): (document: Written) => boolean {
    const maps = subjectsOf(person).map(
      (subject) =>
        new Map(
          [...this.granted.values()]
            .filter((grant) => grant.tenant === person.tenant && isSame(grant.subject, subject))
            .map(({ resource, role }) => [resource as string, role] as const),
        ),
    );
    const rights = createRights({ role: person.role, documents: person.documents, granted: maps });
    return ({ isGone, record }) =>
      !isGone && record.tenant === person.tenant && decide(rights, record.name, 'read').kind === 'allowed';
  }
}

function subjectsOf({ user, groups, links }: Identity): readonly GrantSubject[] {
  return [
    { kind: 'user', id: user },
    ...groups.map((id) => ({ kind: 'group', id }) as const),
    ...links.map((id) => ({ kind: 'link', id }) as const),
  ];
}

function isSame(one: GrantSubject, other: GrantSubject): boolean {
  return one.kind === other.kind && one.id === other.id;
}

function keyOf(tenant: Tenant, { subject, resource }: Pick<Granted, 'subject' | 'resource'>): string {
  return `${tenant} ${subject.kind}:${subject.id} ${resource}`;
}
