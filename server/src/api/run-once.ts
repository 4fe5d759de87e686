import { hash, randomUUID } from 'node:crypto';
import { createProblem, PROBLEM_MEDIA_TYPE } from '@scriptorium/shared/problem';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ScriptoriumError, toScriptoriumError } from '../core/errors.ts';
import { decodeIntent, encodeIntent, type Intent, type PlacedIntent } from '../core/intent.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClaimOutcome, RequestKey, RequestLedger } from '../ports/request-ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { callerOf } from './authenticate.ts';

export interface RunOnceDeps {
  readonly requests: RequestLedger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What a write answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON; none with 204. */
  readonly body?: unknown;
}

/** One attempt at a write. */
export interface Attempt {
  /** When the first attempt at it began, in wall-clock milliseconds. */
  readonly begunAt: number;
  /** Whether an earlier attempt may have done it already. */
  readonly isResumed: boolean;
  /** What that one was about to store. */
  readonly earlier: Intent | null;
  /** Notes what this one is about to store. Throws `request-in-progress` when somebody else has gone on with it. */
  intend(intent: PlacedIntent): Promise<void>;
}

/** Longer than any request takes, so that who comes after it finds nobody at work. */
const CLAIM = 30_000;
const DAY = 24 * 60 * 60 * 1_000;
/** Refusals that are about the state of the document: with the same key they stay what they were. */
const KEPT: ReadonlySet<number> = new Set([409, 412, 422]);

/**
 * Carries out a write and answers it: once only where the request has a key, however often it comes. What an attempt is
 * about to store is noted before, so that one that follows a crash stores the same, which changes nothing twice.
 */
export async function runOnce(
  deps: RunOnceDeps,
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  run: (attempt: Attempt) => Promise<Answer>,
): Promise<void> {
  const { request, reply } = exchange;
  const text = request.headers['idempotency-key'];
  if (typeof text !== 'string') {
    await sendAnswer(
      reply,
      await run({ begunAt: deps.clock.now(), isResumed: false, earlier: null, intend: noIntent }),
    );
    return;
  }
  const { identity } = callerOf(request);
  const key: RequestKey = { tenant: identity.tenant, user: identity.user, key: text };
  const claim = randomUUID();
  const at = deps.clock.now();
  const outcome = await deps.requests.claim(key, {
    claim,
    fingerprint: fingerprintOf(request),
    at,
    until: at + CLAIM,
    expiresAt: at + DAY,
  });
  if (outcome.kind === 'answered') {
    await sendAnswer(reply.header('idempotency-replayed', 'true'), JSON.parse(outcome.answer) as Answer);
    return;
  }
  if (outcome.kind !== 'claimed') throw new ScriptoriumError(TURNED_AWAY[outcome.kind]);
  const attempt = createAttempt(deps, { key, claim }, outcome);
  await sendAnswer(reply, await keepAnswer(deps, { key, claim }, () => run(attempt)));
}

const TURNED_AWAY = { 'in-progress': 'request-in-progress', reused: 'idempotency-key-reused' } as const;

const noIntent = (): Promise<void> => Promise.resolve();

function createAttempt(
  { requests }: RunOnceDeps,
  own: { readonly key: RequestKey; readonly claim: string },
  { createdAt, resumed, intent }: ClaimOutcome & { readonly kind: 'claimed' },
): Attempt {
  return {
    begunAt: createdAt,
    isResumed: resumed,
    earlier: intent === null ? null : decodeIntent(intent),
    intend: async (next) => {
      const noted = { documentId: next.documentId, bytes: encodeIntent(next) };
      if (!(await requests.intend(own.key, own.claim, noted))) throw new ScriptoriumError('request-in-progress');
    },
  };
}

/** Keeps what the write came to, refusals too where they would come again; whatever else fails may be tried again. */
async function keepAnswer(
  { requests, telemetry }: RunOnceDeps,
  own: { readonly key: RequestKey; readonly claim: string },
  run: () => Promise<Answer>,
): Promise<Answer> {
  try {
    const answer = await run();
    await requests.answer(own.key, own.claim, JSON.stringify(answer));
    return answer;
  } catch (error) {
    const { code, detail, definition } = toScriptoriumError(error);
    if (KEPT.has(definition.status) && !definition.retryable) {
      const body = createProblem(code, detail);
      const answer: Answer = { status: body.status, headers: { 'content-type': PROBLEM_MEDIA_TYPE }, body };
      await requests.answer(own.key, own.claim, JSON.stringify(answer));
      return answer;
    }
    // What was refused for good was not stored. What failed otherwise may have been, and must not become something else.
    await requests.release(own.key, own.claim, definition.retryable ? 'kept' : 'dropped').catch((failure: unknown) => {
      telemetry.log.warn('request_not_released', {}, failure);
    });
    throw error;
  }
}

/** Resolves when the answer is out: before, fastify would take a handler that returns nothing for one that sent nothing. */
async function sendAnswer(reply: FastifyReply, { status, headers = {}, body }: Answer): Promise<void> {
  // Its time was over, and the caller was told so.
  if (reply.sent) return;
  reply.code(status).headers(headers);
  // Bytes where it says what it is, so that no schema of the route is applied to it.
  await reply.send(headers['content-type'] === undefined ? body : Buffer.from(JSON.stringify(body)));
}

/** What a request asks for: the same request is the same text. */
function fingerprintOf({ method, url, headers, body }: FastifyRequest): string {
  const conditions = [headers['content-type'], headers['if-match'], headers['if-none-match']];
  const head = JSON.stringify([method, url, ...conditions.map((value) => value ?? null)]);
  return hash('sha256', Buffer.concat([Buffer.from(head), bytesOf(body)]), 'hex');
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body ?? null));
}
