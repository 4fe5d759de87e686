import { clientConfigSchema, sessionSchema, signInBodySchema, signInSchema } from '@scriptorium/shared/rest-schemas';
import { SCHEMA_VERSION } from '@scriptorium/shared/stateless-messages';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ScriptoriumError } from '../../core/errors.ts';
import type { TokenIssuer } from '../../ports/token-issuer.ts';
import type { ApiConfig } from '../api-deps.ts';
import { identityOf } from '../authenticate.ts';
import { BEARER_SECURITY, problemResponses, TOKEN_PROBLEMS } from '../describe-route.ts';
import { isTrustedHost } from '../trusted-host.ts';

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
    const { user, displayName, tenant, role, expiresAt } = identityOf(request);
    return { user: { id: user, name: displayName }, tenant, role, expiresAt: new Date(expiresAt).toISOString() };
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
  readonly config: ApiConfig;
}> = async (app, { issuer, config }) => {
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
    if (!isTrustedHost(request.headers.host, config.allowedOrigins)) {
      throw new ScriptoriumError(
        'origin-refused',
        'sign in at a loopback address, or name this one in ALLOWED_ORIGINS',
      );
    }
    const { token, user, displayName, expiresAt } = await issuer.issue({ name: request.body.name });
    return { token, user: { id: user, name: displayName }, expiresAt: new Date(expiresAt).toISOString() };
  });
};
