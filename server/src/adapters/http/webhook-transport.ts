import { BrokenCircuitError, circuitBreaker, type CircuitBreakerPolicy, CountBreaker, handleWhen } from 'cockatiel';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { CIRCUIT } from '../../core/circuit-values.ts';
import type {
  WebhookFailure,
  WebhookOutcome,
  WebhookRequest,
  WebhookTransport,
} from '../../ports/webhook-transport.ts';
import { createAddressGuard, type AddressGuard, RefusedAddressError } from './address-guard.ts';

export interface HttpWebhookDeps {
  /** Networks besides the public internet that may be reached, as `10.1.0.0/16`. */
  readonly allowedNetworks: readonly string[];
  /** Milliseconds for one attempt; tests make it short. */
  readonly timeoutMs?: number;
}

const TIMEOUT = 10_000;
/** Of an answer's body so much is read, so that the connection can be used again; beyond it the connection is ended. */
const BODY_BYTES = 64 * 1024;
/** Webhooks whose circuits are remembered; those that were met first are forgotten first. */
const CIRCUITS = 10_000;

/** Hands events over by HTTP/1.1, one circuit for each webhook. */
export function createHttpWebhookTransport(deps: HttpWebhookDeps): WebhookTransport {
  return new HttpWebhookTransport(deps);
}

class ServerFailure extends Error {
  readonly outcome: WebhookOutcome;

  constructor(outcome: WebhookOutcome) {
    super('the webhook failed');
    this.outcome = outcome;
  }
}

class HttpWebhookTransport implements WebhookTransport {
  readonly #guard: AddressGuard;
  readonly #agent: Agent;
  readonly #timeout: number;
  readonly #circuits = new Map<string, CircuitBreakerPolicy>();

  constructor({ allowedNetworks, timeoutMs = TIMEOUT }: HttpWebhookDeps) {
    this.#guard = createAddressGuard(allowedNetworks);
    this.#timeout = timeoutMs;
    this.#agent = new Agent({
      connect: createConnect(this.#guard, timeoutMs),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxHeaderSize: 16 * 1024,
      keepAliveTimeout: 4_000,
      // One request on a connection at a time: an answer that never comes must hold up nothing else.
      pipelining: 1,
      allowH2: false,
    });
  }

  async send(request: WebhookRequest): Promise<WebhookOutcome> {
    try {
      return await this.#circuit(request.webhookId).execute(async () => {
        const outcome = await this.#post(request);
        if (isTrouble(outcome)) throw new ServerFailure(outcome);
        return outcome;
      });
    } catch (error) {
      if (error instanceof BrokenCircuitError) return { kind: 'spared', milliseconds: CIRCUIT.openFor };
      if (error instanceof ServerFailure) return error.outcome;
      return { kind: 'failed', reason: 'unreachable' };
    }
  }

  #circuit(webhookId: string): CircuitBreakerPolicy {
    const known = this.#circuits.get(webhookId);
    if (known !== undefined) return known;
    const [oldest] = this.#circuits.keys();
    if (this.#circuits.size >= CIRCUITS && oldest !== undefined) this.#circuits.delete(oldest);
    const circuit = circuitBreaker(
      handleWhen((error) => error instanceof ServerFailure),
      {
        breaker: new CountBreaker(CIRCUIT.breaker),
        halfOpenAfter: CIRCUIT.openFor,
        halfOpenSampling: CIRCUIT.halfOpen,
      },
    );
    this.#circuits.set(webhookId, circuit);
    return circuit;
  }

  async #post({ url, headers, body }: WebhookRequest): Promise<WebhookOutcome> {
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers,
        body,
        // From the look-up of the name to the last byte that is read, whatever is dribbled in between.
        signal: AbortSignal.timeout(this.#timeout),
      });
      const retryAfterMs = readRetryAfter(answer.headers['retry-after']);
      await discard(answer.body);
      return { kind: 'answered', status: answer.statusCode, retryAfterMs };
    } catch (error) {
      return { kind: 'failed', reason: describeFailure(error) };
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** Connects only to addresses that the guard lets through, whatever the name led to a moment before. */
function createConnect(guard: AddressGuard, timeout: number): buildConnector.connector {
  const connectors = {
    http: buildConnector({ timeout, allowH2: false, lookup: guard.lookup('http') }),
    https: buildConnector({ timeout, allowH2: false, lookup: guard.lookup('https') }),
  };
  return (options, callback) => {
    const scheme = options.protocol === 'https:' ? 'https' : 'http';
    try {
      // A literal address is never looked up.
      if (/^[\d.]+$|:/.test(options.hostname)) guard.check(options.hostname, scheme);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connectors[scheme](options, callback);
  };
}

/** Failures that say something about the receiver as a whole; what it says about one event is no trouble. */
function isTrouble(outcome: WebhookOutcome): boolean {
  if (outcome.kind !== 'answered') return true;
  return outcome.status >= 500 || outcome.status === 408 || outcome.status === 429;
}

async function discard(body: Dispatcher.ResponseData['body']): Promise<void> {
  // An answer was given; whether its body arrives changes nothing about that.
  await body.dump({ limit: BODY_BYTES }).catch(() => undefined);
}

function readRetryAfter(header: string | readonly string[] | undefined): number | null {
  const text = typeof header === 'string' ? header.trim() : '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  return null;
}

function describeFailure(error: unknown): WebhookFailure {
  const causes = [error, error instanceof Error ? error.cause : undefined];
  if (causes.some((it) => it instanceof RefusedAddressError)) return 'refused-address';
  const codes = causes.map((it) => (it instanceof Error ? `${it.name} ${String(Reflect.get(it, 'code'))}` : ''));
  if (codes.some((code) => /TimeoutError|_TIMEOUT$|ETIMEDOUT/.test(code))) return 'timeout';
  if (codes.some((code) => /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code))) return 'tls';
  return 'unreachable';
}
