import { parseDocumentName, type DocumentName } from '@scriptorium/shared/document-name';
import type { Action, Role } from '@scriptorium/shared/roles';
import type { FastifyRequest } from 'fastify';
import { ScriptoriumError } from '../core/errors.ts';
import { decide } from '../core/permissions.ts';
import type { Identity, TokenVerifier } from '../ports/token-verifier.ts';

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

/** Creates the hook that runs before anything else of a request is read: no valid token, no request. */
export function createAuthenticator(verifier: TokenVerifier) {
  return async (request: FastifyRequest): Promise<void> => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined)
      throw new ScriptoriumError('unauthenticated', 'send the token as "Authorization: Bearer …"');
    const verification = await verifier.verify(token);
    if (verification.kind === 'invalid') throw new ScriptoriumError(verification.code, verification.detail);
    request.identity = verification.identity;
  };
}

/** Who sent the request. Throws `unauthenticated` on a route without the hook, which must not be mistaken for open. */
export function identityOf(request: FastifyRequest): Identity {
  if (request.identity === null) throw new ScriptoriumError('unauthenticated');
  return request.identity;
}

/** The caller's role on the document, if it allows the action; throws `forbidden` else. */
export function requireAction(identity: Identity, name: DocumentName, action: Action): Role {
  const decision = decide(identity, name, action);
  if (decision.kind === 'denied')
    throw new ScriptoriumError('forbidden', `the role "${decision.role}" does not allow to ${action} "${name}"`);
  return decision.role;
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
    identity: Identity | null;
  }
}
