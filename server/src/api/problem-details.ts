import { createProblem, PROBLEM_MEDIA_TYPE, type Problem } from '@scriptorium/shared/problem';
import { ERRORS, type ErrorCode } from '@scriptorium/shared/error-codes';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ScriptoriumError, toScriptoriumError } from '../core/errors.ts';
import type { Logger } from '../ports/telemetry.ts';

/** Fastify's own errors, as far as they are the caller's doing. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_BAD_URL: 'bad-request',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid-document-name',
};

/** Creates the error handler: whatever was thrown, the answer is a problem of the shared table. */
export function createErrorHandler(log: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = toProblem(error, request);
    logProblem(log, { problem, error, request });
    sendProblem(reply, problem);
  };
}

/** Answers with problem details. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).header('cache-control', 'no-store');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const mayRetry = problem.status === 429 || problem.status === 503;
  if (mayRetry && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  // Bytes, so that neither a response schema of the route nor a charset is applied to it.
  reply.send(Buffer.from(JSON.stringify(problem)));
}

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof ScriptoriumError) return createProblem(error.code, error.detail);
  if (isFastifyError(error)) {
    if (error.validation !== undefined) return toValidationProblem(error, request);
    const code = FASTIFY_CODES[error.code];
    if (code !== undefined) return createProblem(code);
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return createProblem('bad-request', error.message);
  }
  return createProblem(toScriptoriumError(error).code);
}

function toValidationProblem(error: FastifyError, request: FastifyRequest): Problem {
  const errors = (error.validation ?? []).map(({ instancePath, message }) => ({
    field: instancePath,
    message: message ?? 'is not valid',
  }));
  const onlyName = errors.length > 0 && errors.every(({ field }) => field === '/name');
  const code = onlyName && request.routeOptions.config.namesDocument === true ? 'invalid-document-name' : 'bad-request';
  const detail = errors
    .map(({ field, message }) => `${field === '/' ? 'the request' : field.slice(1)}: ${message}`)
    .join('; ');
  return { ...createProblem(code, detail), errors };
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

function logProblem(
  log: Logger,
  { problem, error, request }: { readonly problem: Problem; readonly error: unknown; readonly request: FastifyRequest },
): void {
  // The route's pattern, never the address: that may carry names and tokens.
  const fields = { method: request.method, route: request.routeOptions.url ?? null, code: problem.code };
  if (problem.status < 500) log.debug('http.refused', fields);
  else if (ERRORS[toScriptoriumError(error).code].level === 'warn') log.warn('http.unavailable', fields, error);
  else log.error('http.failed', fields, error);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The `name` of parameters and body is a document's, and has a code of its own when it is none. */
    readonly namesDocument?: boolean;
  }
}
