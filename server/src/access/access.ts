import type { Tenant } from '@scriptorium/shared/document-name';
import { formatSubject, type GrantSubject } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';
import type { Rights, RoleMap } from '../core/permissions.ts';
import type { AccessChange, HiddenPerson } from '../ports/access-changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { GrantStore, StoredGrant } from '../ports/grant-store.ts';
import type { Identity } from '../ports/token-verifier.ts';
import type { KeyRing } from './key-ring.ts';
import { isHidden } from './hidden-person.ts';
import { createPromiseCache } from './promise-cache.ts';

/** What an identity may do at one moment. */
export interface Standing {
  /** `null` when the credential is worth nothing any more. */
  readonly rights: Rights | null;
  /** Whether that is because the person was erased; then nothing may be written down that names them. */
  readonly isErased?: boolean;
  /** Wall-clock milliseconds at which that changes by itself, since a grant ends; infinite for never. */
  readonly until: number;
}

/** What whoever has no rights any more is told about it. */
export function describeLoss(isErased: boolean): string {
  return isErased ? 'whoever this speaks for was erased' : 'this access was taken away';
}

/** Who may do what, as the stores say it: remembered per node, exact up to the last change that the node noticed. */
export interface Access {
  /** Throws `storage-unavailable` when the answer is not known and cannot be had. */
  standingOf(identity: Identity): Promise<Standing>;
  /** Calls back when what the stores say about the identity may have changed, until the returned function is called. */
  watch(identity: Identity, onChanged: () => void): () => void;
  /** Takes note of changes: what was remembered of their subjects is forgotten, and whoever watches them is called. */
  apply(changes: readonly AccessChange[]): void;
  /** Takes note that anything may have changed. */
  applyAll(): void;
  /** Forgets everything, and calls nobody: nothing can be said to be fresh. */
  forget(): void;
}

export interface AccessDeps {
  readonly grants: Pick<GrantStore, 'readStanding'>;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
}

/** What is remembered of one subject. */
interface SubjectStanding {
  readonly tokensVoidUntil: number;
  readonly isErased: boolean;
  readonly grants: readonly StoredGrant[];
}

const CAPACITY = 20_000;

export function createAccess(deps: AccessDeps): Access {
  return new NodeAccess(deps);
}

class NodeAccess implements Access {
  readonly #deps: AccessDeps;
  readonly #known = createPromiseCache<SubjectStanding>(CAPACITY);
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  async standingOf(identity: Identity): Promise<Standing> {
    const subjects = await Promise.all(this.#readAll(identity));
    if (subjects.some((subject) => subject.isErased)) return { rights: null, isErased: true, until: Infinity };
    const voidUntil = Math.max(...subjects.map((subject) => subject.tokensVoidUntil));
    // A token says in whole seconds when it was issued, so one of the very second of the revocation is void too.
    const isVoid = identity.key === null && voidUntil > 0 && identity.issuedAt <= voidUntil;
    const isGone = identity.key !== null && !(await this.#deps.keyRing.isGood(identity.key));
    if (isVoid || isGone) return { rights: null, until: Infinity };
    const given = subjects.map((subject) => subject.grants);
    return toStanding(identity, given, this.#deps.clock.now());
  }

  /** Reads what is not remembered of the subjects in one go. */
  #readAll(identity: Identity): readonly Promise<SubjectStanding>[] {
    const { tenant, user } = identity;
    const { grants } = this.#deps;
    const subjects = subjectsOf(identity);
    const missing = subjects.filter((subject) => !this.#known.has(keyOf(tenant, subject)));
    const answer = missing.length === 0 ? null : grants.readStanding(tenant, user, missing);
    return subjects.map((subject) =>
      this.#known.get(keyOf(tenant, subject), async () => {
        const stored = await (answer ?? grants.readStanding(tenant, user, [subject]));
        const own = stored.grants.filter((grant) => isSame(grant.subject, subject));
        // What is remembered of a group or link is everybody's; whose tokens are void is the user's own matter.
        if (subject.kind !== 'user') return { tokensVoidUntil: 0, isErased: false, grants: own };
        return { tokensVoidUntil: stored.tokensVoidUntil, isErased: stored.isErased, grants: own };
      }),
    );
  }

  watch(identity: Identity, onChanged: () => void): () => void {
    const keys = watchedKeys(identity);
    for (const key of keys) this.#watchers.set(key, (this.#watchers.get(key) ?? new Set()).add(onChanged));
    return () => {
      for (const key of keys) {
        const calls = this.#watchers.get(key);
        calls?.delete(onChanged);
        if (calls?.size === 0) this.#watchers.delete(key);
      }
    };
  }

  apply(changes: readonly AccessChange[]): void {
    const keys = new Set<string>();
    for (const { tenant, subject } of changes) {
      if (subject.kind === 'person') {
        // Whose it is can be told of those who watch; what is remembered of others who are not here goes with it.
        this.#known.clear();
        for (const key of this.#findHidden(tenant, subject)) keys.add(key);
        continue;
      }
      if (subject.kind === 'key') this.#deps.keyRing.drop(subject.id);
      else this.#known.drop(keyOf(tenant, { kind: subject.kind, id: subject.id }));
      keys.add(`${tenant} ${subject.kind}:${subject.id}`);
    }
    this.#wake(keys);
  }

  /** The watched keys of the person that an entry hides. */
  #findHidden(tenant: Tenant, hidden: HiddenPerson): readonly string[] {
    const prefix = `${tenant} user:`;
    return [...this.#watchers.keys()].filter(
      (key) => key.startsWith(prefix) && isHidden(hidden, key.slice(prefix.length)),
    );
  }

  applyAll(): void {
    this.forget();
    this.#wake([...this.#watchers.keys()]);
  }

  forget(): void {
    this.#known.clear();
    this.#deps.keyRing.clear();
  }

  #wake(keys: Iterable<string>): void {
    const calls = new Set<() => void>();
    for (const key of keys) for (const call of this.#watchers.get(key) ?? []) calls.add(call);
    for (const call of calls) call();
  }
}

function subjectsOf({ user, groups, links }: Identity): readonly GrantSubject[] {
  return [
    { kind: 'user', id: user },
    ...groups.map((id) => ({ kind: 'group', id }) as const),
    ...links.map((id) => ({ kind: 'link', id }) as const),
  ];
}

function watchedKeys(identity: Identity): readonly string[] {
  const keys = subjectsOf(identity).map((subject) => keyOf(identity.tenant, subject));
  return identity.key === null ? keys : [...keys, `${identity.tenant} key:${identity.key.id}`];
}

/** No tenant holds a space, so no two pairs have one key. */
function keyOf(tenant: Tenant, subject: GrantSubject): string {
  return `${tenant} ${formatSubject(subject)}`;
}

function isSame(one: GrantSubject, other: GrantSubject): boolean {
  return one.kind === other.kind && one.id === other.id;
}

function toStanding(identity: Identity, given: readonly (readonly StoredGrant[])[], now: number): Standing {
  let until = Infinity;
  const granted: RoleMap[] = [];
  for (const grants of given) {
    const map = new Map<string, Role>();
    for (const { resource, role, expiresAt } of grants) {
      if (expiresAt !== null && expiresAt <= now) continue;
      until = Math.min(until, expiresAt ?? Infinity);
      map.set(resource, role);
    }
    if (map.size > 0) granted.push(map);
  }
  const { role, documents, abilities } = identity;
  return { rights: { role, documents, abilities, granted }, until };
}
