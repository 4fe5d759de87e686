import { parseDocumentName, type DocumentName } from '@scriptorium/shared/document-name';
import type { Ability, Action, Role } from '@scriptorium/shared/roles';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Access, describeLoss } from '../access/access.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { decide, decideForTenant, type Rights } from '../core/permissions.ts';
import type { Identity, TokenVerifier } from '../ports/token-verifier.ts';
import type { RequestLimits } from './request-limits.ts';

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

/** Who sent a request, and what they may do at this moment. */
export interface Caller {
  readonly identity: Identity;
  readonly rights: Rights;
}

/** Creates the hook that runs before anything else of a request is read: no valid token, no request. */
export function createAuthenticator(verifier: TokenVerifier, access: Access, limits: RequestLimits) {
  const authenticate = createJudge(verifier, access);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = await authenticate(request).catch(async (error: unknown) => {
      await limits.takeForStranger(request, reply);
      throw error;
    });
    await limits.takeForUser(caller.identity, reply);
    request.caller = caller;
  };
}

/** Tells who sent a request; throws `unauthenticated` and its like. */
function createJudge(verifier: TokenVerifier, access: Access) {
  return async (request: FastifyRequest): Promise<Caller> => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined)
      throw new ScriptoriumError('unauthenticated', 'send the token as "Authorization: Bearer …"');
    const verification = await verifier.verify(token);
    if (verification.kind === 'invalid') throw new ScriptoriumError(verification.code, verification.detail);
    const { identity } = verification;
    const { rights, isErased = false } = await access.standingOf(identity);
    if (rights === null) throw new ScriptoriumError('unauthenticated', describeLoss(isErased));
    return { identity, rights };
  };
}

/** Who sent the request. Throws `unauthenticated` on a route without the hook, which must not be mistaken for open. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new ScriptoriumError('unauthenticated');
  return request.caller;
}

/** The caller's role on the document, if it allows the action; throws `forbidden` else. */
export function requireAction({ rights }: Caller, name: DocumentName, action: Action): Role {
  const decision = decide(rights, name, action);
  if (decision.kind === 'denied')
    throw new ScriptoriumError('forbidden', `the role "${decision.role}" does not allow to ${action} "${name}"`);
  return decision.role;
}

/** Throws `forbidden` unless the caller may do the action for the whole tenant. */
export function requireAbility({ rights }: Caller, ability: Ability): void {
  if (decideForTenant(rights, ability).kind === 'denied')
    throw new ScriptoriumError('forbidden', `this needs the tenant-wide role "admin" or the ability "${ability}"`);
}

/** The text as a document name; throws `invalid-document-name`. */
export function requireDocumentName(text: string): DocumentName {
  const name = parseDocumentName(text);
  if (name === null) throw new ScriptoriumError('invalid-document-name');
  return name;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authenticator. */
    caller: Caller | null;
  }
}
