import { mutateUpdate } from '../../../server/test/support/mutations.ts';
import { createRandom, type Random } from '../../../server/test/support/random.ts';
import { mintToken } from '../../support/tokens.ts';
import { type Operation, type Parameter, readOperations } from './openapi-operations.ts';
import { makeValue, spoilValue, STRANGE_TEXTS } from './schema-values.ts';

const NAMES = ['fuzz/a', 'fuzz/b', 'fuzz/c', 'notes/fuzz'] as const;
const STRANGE_TYPES = [
  'application/json',
  'text/plain',
  'application/octet-stream',
  'application/json;charset=x',
  '*/*',
];
const REQUESTS_PER_SEED = 40;
/** A little more than any answer may take. */
const DEADLINE_MS = 14_000;

/** Asks the API what its own description says can be asked, and a little else. */
export interface RequestFuzz {
  /** Requests of one seed, one after the other; returns what should not have happened. */
  run(seed: number): Promise<readonly string[]>;
  readonly requests: number;
  /** How many answers there were of each status. */
  readonly statuses: ReadonlyMap<number, number>;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

export async function createRequestFuzz(url: string): Promise<RequestFuzz> {
  const document: unknown = await (await fetch(`${url}/openapi.json`)).json();
  const operations = readOperations(document);
  const statuses = new Map<number, number>();
  let requests = 0;
  return {
    statuses,
    get requests() {
      return requests;
    },
    async run(seed) {
      const random = createRandom(seed);
      const findings: string[] = [];
      for (let request = 0; request < REQUESTS_PER_SEED; request += 1) {
        // A user of its own for each request: what one takes away must not close the door to those behind it.
        const token = await mintToken({ sub: `fuzz-${seed}-${request}`, role: 'admin' });
        const sent = makeRequest(random.pick(operations), { document, random, token });
        requests += 1;
        const { status, finding } = await ask(url, sent);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (finding !== null) findings.push(`seed ${seed}: ${finding}; ${describe(sent)}`);
      }
      return findings;
    },
  };
}

interface Chance {
  readonly document: unknown;
  readonly random: Random;
  readonly token: string;
}

function makeRequest(operation: Operation, chance: Chance): Sent {
  const { random, token } = chance;
  const value = (parameter: Parameter): string => makeParameter(parameter, chance);
  let { path } = operation;
  const query = new URLSearchParams();
  const headers: Record<string, string> = random.chance(0.95) ? { authorization: `Bearer ${token}` } : {};
  for (const parameter of operation.parameters) {
    if (parameter.in === 'path')
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(wellFormed(value(parameter))));
    else if (parameter.in === 'query' && random.chance(0.5)) query.append(parameter.name, wellFormed(value(parameter)));
    else if (parameter.in === 'header' && random.chance(0.5)) headers[parameter.name] = headerValue(value(parameter));
  }
  if (random.chance(0.1)) query.append(wellFormed(random.pick(STRANGE_TEXTS)), '1');
  const body = makeBody(operation, chance);
  if (body !== null) headers['content-type'] = body.type;
  const search = query.toString();
  return {
    method: operation.method,
    path: search === '' ? path : `${path}?${search}`,
    headers,
    body: body?.bytes ?? null,
  };
}

function makeParameter({ name, schema }: Parameter, { document, random }: Chance): string {
  if (random.chance(0.2)) return random.pick(STRANGE_TEXTS);
  if (name === 'name' && random.chance(0.8)) return random.pick(NAMES);
  const value = makeValue(schema, { document, random });
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function makeBody(operation: Operation, { document, random }: Chance): { type: string; bytes: Uint8Array } | null {
  if (operation.method === 'GET' || operation.method === 'HEAD' || operation.bodies.length === 0) return null;
  const [type, schema] = random.pick(operation.bodies);
  const honest = makeValue(schema, { document, random });
  const value = random.chance(0.6) ? spoilValue(honest, random) : honest;
  const text = typeof value === 'string' && !type.includes('json') ? value : JSON.stringify(value);
  const bytes = new TextEncoder().encode(text);
  return {
    type: random.chance(0.9) ? type : random.pick(STRANGE_TYPES),
    bytes: random.chance(0.2) && bytes.length > 0 ? mutateUpdate(bytes, bytes, random) : bytes,
  };
}

async function ask(url: string, sent: Sent): Promise<{ status: number; finding: string | null }> {
  const started = performance.now();
  try {
    const answer = await fetch(url + sent.path, {
      method: sent.method,
      headers: { ...sent.headers },
      ...(sent.body === null ? {} : { body: new Uint8Array(sent.body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const type = answer.headers.get('content-type') ?? '';
    // A stream of events goes on for as long as somebody listens.
    if (type.includes('event-stream')) await answer.body?.cancel();
    const text = type.includes('event-stream') ? '' : await answer.text();
    return { status: answer.status, finding: judge(sent, { status: answer.status, type, text }) };
  } catch (error) {
    // Long past the deadline it was this process that stood still, and nothing is known about the server.
    if (performance.now() - started > 2 * DEADLINE_MS) return ask(url, sent);
    const reason =
      error instanceof Error
        ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`
        : String(error);
    return { status: 0, finding: `no answer after ${Math.round(performance.now() - started)} ms: ${reason}` };
  }
}

function judge(sent: Sent, answer: { status: number; type: string; text: string }): string | null {
  if (answer.status >= 500) return `${answer.status} ${answer.text.slice(0, 200)}`;
  if (answer.status < 400 || sent.method === 'HEAD') return null;
  if (!answer.type.includes('application/problem+json'))
    return `${answer.status} that is no problem details: ${answer.type}`;
  return /"code":"[a-z-]+"/.test(answer.text) ? null : `${answer.status} without a code`;
}

/** Lone surrogates cannot stand in an address. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

function headerValue(text: string): string {
  return text.replaceAll(/[^\x20-\x7E]/g, '').slice(0, 200);
}

function describe({ method, path, headers, body }: Sent): string {
  const text =
    body === null ? '' : ` ${headers['content-type'] ?? ''} ${Buffer.from(body).toString('latin1').slice(0, 300)}`;
  return `${method} ${path.slice(0, 200)}${text}`;
}
