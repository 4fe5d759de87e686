import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { HTTP_LIMITS } from '../core/limits-http.ts';
import { allowOrigins } from './cross-origin.ts';
import { countRequests } from './count-requests.ts';
import { createRequestLimits } from './request-limits.ts';
import { addAnswerDeadline } from './answer-deadline.ts';
import type { ApiDeps } from './api-deps.ts';
import { createAuthenticator } from './authenticate.ts';
import { compressAnswers } from './compress-answers.ts';
import { limitHttpConnections } from './http-connections.ts';
import { limitNesting } from './limit-nesting.ts';
import { createLostPage } from './lost-page.ts';
import { answerUnknownAddresses } from './not-found.ts';
import { noteRefusals } from './note-refusals.ts';
import { createErrorHandler } from './problem-details.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { appFileRoutes } from './routes/app-files.ts';
import { auditRoutes } from './routes/audit.ts';
import { changesRoutes } from './routes/changes.ts';
import { contentRoutes } from './routes/content.ts';
import { documentGrantRoutes } from './routes/document-grants.ts';
import { documentRoutes } from './routes/documents.ts';
import { exportRoutes } from './routes/exports.ts';
import { erasureRoutes } from './routes/erasures.ts';
import { eventStreamRoutes } from './routes/event-stream.ts';
import { grantRoutes } from './routes/grants.ts';
import { healthRoutes, metricsRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { importRoutes } from './routes/imports.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { searchRoutes } from './routes/search.ts';
import { publicationRoutes } from './routes/publications.ts';
import { restoreRoutes } from './routes/restore.ts';
import { publishedPageRoutes } from './routes/published-pages.ts';
import { peopleRoutes } from './routes/people.ts';
import { presenceRoutes } from './routes/presence.ts';
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { writeContentRoutes } from './routes/write-content.ts';
import { jobRoutes } from './routes/jobs.ts';
import { clientConfigRoutes, developmentRoutes, sessionRoutes } from './routes/session.ts';
import { versionRoutes } from './routes/versions.ts';
import { setSecurityHeaders } from './security-headers.ts';

/**
 * Creates the HTTP side of the server, ready but not listening: REST under `/v1`, health, metrics, the API's
 * description and the browser app. The gateway takes upgrades from `app.server`.
 */
export async function createApi(deps: ApiDeps): Promise<FastifyInstance> {
  const app = createServer(deps);
  countRequests(app, deps.telemetry.metrics);
  answerUnknownAddresses(app, createLostPage(deps.appDirectory));
  await registerRoutes(app, deps);
  await app.register(async (compressed) => {
    compressAnswers(compressed, deps);
    await compressed.register(openApiRoutes, { describe: () => describe(deps) });
    await compressed.register(metricsRoutes, deps);
  });
  await app.register(appFileRoutes, { directory: deps.appDirectory });
  await app.ready();
  limitHttpConnections(app.server, {
    perAddress: deps.config.limits.httpConnectionsPerAddress,
    proxies: deps.proxies,
    metrics: deps.telemetry.metrics,
  });
  return app;
}

/**
 * Made on a throw-away instance when it is first asked for: what describes routes is as large as what serves them, and
 * most servers are never asked.
 */
async function describe(deps: ApiDeps): Promise<object> {
  const { describeApi } = await import('./describe-api.ts');
  const carrier = createServer(deps);
  return describeApi(carrier, { version: deps.version, register: () => registerRoutes(carrier, deps) });
}

/** All that the API's description covers. */
async function registerRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register(healthRoutes, deps);
  await app.register(publishedPageRoutes, deps);
  await app.register(
    async (v1) => {
      treatAll(v1, deps);
      await v1.register(clientConfigRoutes, { version: deps.version, devSignIn: deps.developmentIssuer !== null });
      if (deps.developmentIssuer !== null) {
        await v1.register(developmentRoutes, { issuer: deps.developmentIssuer });
      }
      const limits = createRequestLimits({
        windows: deps.rateWindows,
        rates: deps.config.limits,
        proxies: deps.proxies,
        metrics: deps.telemetry.metrics,
      });
      await v1.register(async (authenticated) => {
        authenticated.addHook('onRequest', createAuthenticator(deps.verifier, deps.access, limits));
        noteRefusals(authenticated, deps);
        await authenticated.register(sessionRoutes);
        await authenticated.register(documentRoutes, deps);
        await authenticated.register(contentRoutes, deps);
        await authenticated.register(historyRoutes, deps);
        await authenticated.register(versionRoutes, deps);
        await authenticated.register(restoreRoutes, deps);
        await authenticated.register(publicationRoutes, deps);
        await authenticated.register(exportRoutes, deps);
        await authenticated.register(importRoutes, deps);
        await authenticated.register(writeContentRoutes, deps);
        await authenticated.register(changesRoutes, deps);
        await authenticated.register(jobRoutes, deps);
        await authenticated.register(documentGrantRoutes, deps);
        await authenticated.register(grantRoutes, deps);
        await authenticated.register(apiKeyRoutes, deps);
        if (deps.search !== null) await authenticated.register(searchRoutes, { ...deps, search: deps.search });
        await authenticated.register(webhookRoutes, deps);
        await authenticated.register(webhookDeliveryRoutes, deps);
        await authenticated.register(eventStreamRoutes, deps);
        await authenticated.register(presenceRoutes, deps);
        await authenticated.register(erasureRoutes, deps);
        await authenticated.register(peopleRoutes, deps);
        await authenticated.register(auditRoutes, deps);
      });
    },
    { prefix: '/v1' },
  );
}

/** What holds for every request of REST and every answer. */
function treatAll(v1: FastifyInstance, deps: ApiDeps): void {
  v1.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  v1.addHook('preValidation', limitNesting);
  compressAnswers(v1, deps);
}

/** Schemas are zod's. Fastify is told so before it starts, or it would load compilers of its own for JSON Schema. */
const NO_JSON_SCHEMA = { compilersFactory: { buildValidator: neverAsked, buildSerializer: neverAsked } };

function neverAsked(): never {
  throw new Error('schemas are compiled by zod');
}

function createServer({ config, telemetry, clock, proxies }: ApiDeps): FastifyInstance {
  const log = telemetry.log.child({ part: 'api' });
  const handleError = createErrorHandler(log);
  const app = fastify({
    logger: false,
    bodyLimit: config.limits.bodyBytes,
    trustProxy: (address) => proxies.trusts(address),
    requestTimeout: HTTP_LIMITS.requestTimeoutMs,
    keepAliveTimeout: HTTP_LIMITS.keepAliveTimeoutMs,
    http: { headersTimeout: HTTP_LIMITS.headersTimeoutMs, connectionsCheckingInterval: HTTP_LIMITS.connectionCheckMs },
    schemaController: NO_JSON_SCHEMA,
    routerOptions: { maxParamLength: HTTP_LIMITS.pathParameterLength },
    frameworkErrors: (error, request, reply) => {
      // An address that cannot be routed passes no hook.
      setSecurityHeaders(reply);
      handleError(error, request, reply);
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // Only JSON is taken; left in, it would turn a wrong content type into a puzzling complaint about the body.
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('caller', null);
  app.setErrorHandler(handleError);
  allowOrigins(app, config.allowedOrigins);
  addAnswerDeadline(app, { clock, handleError });
  app.addHook('onSend', async (_request, reply) => setSecurityHeaders(reply));
  app.addHook('onRequestAbort', async (request) => {
    log.debug('http.aborted', { method: request.method, route: request.routeOptions.url ?? null });
  });
  return app;
}
