import type { GrantView } from '@scriptorium/shared/access-schemas';
import { formatSubject, parseSubject, type GrantSubject } from '@scriptorium/shared/grant-subject';
import { parseGrantResource, type GrantResource } from '@scriptorium/shared/grant-resource';
import type { Role } from '@scriptorium/shared/roles';
import { decideGrant } from '../core/delegation.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { StoredGrant } from '../ports/grant-store.ts';
import type { Caller } from './authenticate.ts';

/** Throws `forbidden` unless the caller may give (or take) the role on the name or pattern. */
export function requireGrant({ rights }: Caller, resource: string, role: Role): void {
  const decision = decideGrant(rights, resource, role);
  if (decision.kind === 'denied') {
    const what = role === 'none' ? 'to manage grants' : `to give the role "${role}"`;
    throw new ScriptoriumError('forbidden', `the role "${decision.role}" does not allow ${what} on "${resource}"`);
  }
}

/** The text as a subject; throws `bad-request`. */
export function requireSubject(text: string): GrantSubject {
  const subject = parseSubject(text);
  if (subject === null) throw new ScriptoriumError('bad-request', 'a subject is user:…, group:… or link:…');
  return subject;
}

/** The text as somebody who can be given a role; a link has the one it was made with. */
export function requireHolder(text: string): GrantSubject {
  const subject = requireSubject(text);
  if (subject.kind === 'link') throw new ScriptoriumError('bad-request', 'a link keeps the role that it was made with');
  return subject;
}

/** The text as a pattern; throws `bad-request`, for a single document too, whose grants stand under its own address. */
export function requirePattern(text: string): GrantResource {
  const resource = parseGrantResource(text);
  if (resource === null || !resource.endsWith('*'))
    throw new ScriptoriumError(
      'bad-request',
      'the resource must end in *; a document has its grants at its own address',
    );
  return resource;
}

/** A time of a body as milliseconds; throws `bad-request` when it has passed. */
export function requireFuture(time: string | null, now: number): number | null {
  if (time === null) return null;
  const at = Date.parse(time);
  if (at <= now) throw new ScriptoriumError('bad-request', 'expiresAt has passed already');
  return at;
}

/** A grant as REST shows it. */
export function toGrantView(grant: StoredGrant): GrantView {
  return {
    subject: formatSubject(grant.subject),
    resource: grant.resource,
    role: grant.role,
    expiresAt: toTime(grant.expiresAt),
    createdAt: new Date(grant.createdAt).toISOString(),
    createdBy: grant.createdBy,
  };
}

/** Milliseconds as REST shows them. */
export function toTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
