import type { DocumentName } from '@scriptorium/shared/document-name';
import { decide, type Rights } from './permissions.ts';
import type { WriteScope } from './write-scope.ts';

/** What a session did that keeps it from writing: nothing; what only a right to write everywhere makes good; for good. */
export type Bar = 'none' | 'below-all' | 'for-good';

/** A session as far as its standing goes. */
export interface StandingSession {
  /** The document's name that decides what the session may do. */
  readonly name: DocumentName;
  readonly scope: WriteScope;
  readonly barred: Bar;
  /** Wall-clock milliseconds at which its token or key ends. */
  readonly expiresAt: number;
}

/** What is known of its owner now. */
export interface StandingFacts {
  /** Wall-clock milliseconds. */
  readonly now: number;
  /** `null` when the credential is worth nothing any more: its key was revoked, its user's access taken away. */
  readonly rights: Rights | null;
}

/** What becomes of a session. */
export type SessionFate =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'rescoped'; readonly scope: WriteScope }
  | { readonly kind: 'ended'; readonly code: 'token-expired' | 'unauthenticated' | 'forbidden' };

/** Decides what becomes of an open session when something about its owner changed, or its time is up. */
export function judgeSession(session: StandingSession, { now, rights }: StandingFacts): SessionFate {
  if (now >= session.expiresAt) return { kind: 'ended', code: 'token-expired' };
  if (rights === null) return { kind: 'ended', code: 'unauthenticated' };
  if (decide(rights, session.name, 'read').kind === 'denied') return { kind: 'ended', code: 'forbidden' };
  const scope = barScope(scopeFor(rights, session.name), session.barred);
  return scope === session.scope ? { kind: 'unchanged' } : { kind: 'rescoped', scope };
}

/** How far the rights let somebody write in a document. */
export function scopeFor(rights: Rights, name: DocumentName): WriteScope {
  if (decide(rights, name, 'write').kind === 'allowed') return 'all';
  return decide(rights, name, 'comment').kind === 'allowed' ? 'comments' : 'none';
}

function barScope(scope: WriteScope, barred: Bar): WriteScope {
  if (barred === 'for-good' || (barred === 'below-all' && scope !== 'all')) return 'none';
  return scope;
}
