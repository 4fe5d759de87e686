import type { Tenant } from '@scriptorium/shared/document-name';
import { formatSubject, type GrantSubject } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';
import type { Rights, RoleMap } from '../core/permissions.ts';
import type { AccessChange } from '../ports/access-changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { GrantStore, StoredGrant } from '../ports/grant-store.ts';
import type { Identity } from '../ports/token-verifier.ts';
import type { KeyRing } from './key-ring.ts';
import { createPromiseCache } from './promise-cache.ts';

/** What an identity may do at one moment. */
export interface Standing {
  /** `null` when the credential is worth nothing any more. */
  readonly rights: Rights | null;
  /** Wall-clock milliseconds at which that changes by itself, since a grant ends; infinite for never. */
  readonly until: number;
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
        const { tokensVoidUntil, grants: all } = await (answer ?? grants.readStanding(tenant, user, [subject]));
        // What is remembered of a group or link is everybody's; whose tokens are void is the user's own matter.
        const voidUntil = subject.kind === 'user' ? tokensVoidUntil : 0;
        return { tokensVoidUntil: voidUntil, grants: all.filter((grant) => isSame(grant.subject, subject)) };
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
      if (subject.kind === 'key') this.#deps.keyRing.drop(subject.id);
      else this.#known.drop(keyOf(tenant, { kind: subject.kind, id: subject.id }));
      keys.add(`${tenant} ${subject.kind}:${subject.id}`);
    }
    this.#wake(keys);
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
