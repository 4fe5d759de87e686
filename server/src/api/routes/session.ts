import { clientConfigSchema, sessionSchema, signInBodySchema, signInSchema } from '@scriptorium/shared/rest-schemas';
import { SCHEMA_VERSION } from '@scriptorium/shared/stateless-messages';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { TokenIssuer } from '../../ports/token-issuer.ts';
import { tenantRole } from '../../core/permissions.ts';
import { callerOf } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { isFromThisMachine } from '../from-this-machine.ts';

/** `GET /v1/session`: who the token speaks for. */
export const sessionRoutes: FastifyPluginAsyncZod = async (app) => {
  const schema = {
    tags: ['Sign-in'],
    security: BEARER_SECURITY,
    operationId: 'readSession',
    summary: 'Who the token speaks for',
    response: { 200: sessionSchema, ...problemResponses(...TOKEN_PROBLEMS) },
  };
  app.get('/session', { schema }, async (request) => {
    const { identity, rights } = callerOf(request);
    const { user, displayName, tenant, expiresAt } = identity;
    const end = expiresAt === Infinity ? null : new Date(expiresAt).toISOString();
    return { user: { id: user, name: displayName }, tenant, role: tenantRole(rights), expiresAt: end };
  });
};

/** `GET /v1/config`: what an editor asks before anybody is signed in. */
export const clientConfigRoutes: FastifyPluginAsyncZod<{
  readonly version: string;
  readonly devSignIn: boolean;
}> = async (app, { version, devSignIn }) => {
  const schema = {
    tags: ['Sign-in'],
    operationId: 'readConfig',
    summary: 'What an editor must know before anybody is signed in',
    response: { 200: clientConfigSchema, ...problemResponses('internal') },
  };
  app.get('/config', { schema }, async () => ({ version, devSignIn, schemaVersion: SCHEMA_VERSION }));
};

/** `POST /v1/dev/sign-in`: only in development mode, on a loopback host. */
export const developmentRoutes: FastifyPluginAsyncZod<{
  readonly issuer: TokenIssuer;
}> = async (app, { issuer }) => {
  const schema = {
    tags: ['Sign-in'],
    operationId: 'signIn',
    summary: 'Sign in by name alone (development mode only)',
    description:
      'The same name is the same person. The token is valid for seven days, as an owner of tenant `default`.',
    body: signInBodySchema,
    response: { 200: signInSchema, ...problemResponses('bad-request', 'origin-refused', 'internal') },
  };
  app.post('/dev/sign-in', { schema }, async (request) => {
    const { httpVersion, socket } = request.raw;
    if (!isFromThisMachine({ headers: request.headers, httpVersion, remoteAddress: socket.remoteAddress })) {
      throw new ScriptoriumError(
        'origin-refused',
        'sign in on this machine at a loopback address; for any other way in set JWT_SECRET',
      );
    }
    const { token, user, displayName, expiresAt } = await issuer.issue({ name: request.body.name });
    return { token, user: { id: user, name: displayName }, expiresAt: new Date(expiresAt).toISOString() };
  });
};
