import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createRandom, type Random } from '../support/random.ts';
import { damageValue, hostileValue, sampleValue, type JsonSchema } from '../support/schema-samples.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { createCaller, type Caller } from './rest-calls.ts';
import { signToken, startTestNode } from './test-node.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly bodies: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  readonly statuses: ReadonlySet<number>;
}

type Mode = 'valid' | 'boundary' | 'hostile';

/** Requests of each kind to each route; more with SEEDS=… for a campaign. */
const ROUNDS = Number(process.env['PROPERTY_ROUNDS'] ?? 30);
const SEED = Number(process.env['PROPERTY_SEED'] ?? 20_261_127);
/** Open to anybody; asked for elsewhere. */
const WITHOUT = new Set(['/metrics', '/livez', '/readyz', '/startupz']);

const directory = createTemporaryDirectory('openapi');
let node: Awaited<ReturnType<typeof startTestNode>>;
let call: Caller;
let schemas: Readonly<Record<string, JsonSchema>>;
let operations: readonly Operation[];
let token: string;

beforeAll(async () => {
  node = await startTestNode(directory.path);
  call = await createCaller(node, { role: 'admin' });
  token = await signToken({ sub: 'ada', role: 'admin' });
  const document = (await (await fetch(`http://127.0.0.1:${node.port}/openapi.json`)).json()) as OpenApi;
  schemas = document.components.schemas;
  operations = readOperations(document);
  await refill();
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: { readonly content: Operation['bodies'] };
            readonly responses: Readonly<Record<string, unknown>>;
          }
        >
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

function readOperations({ paths }: OpenApi): readonly Operation[] {
  return Object.entries(paths)
    .filter(([path]) => !WITHOUT.has(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        bodies: requestBody?.content ?? {},
        statuses: new Set(Object.keys(responses).map(Number)),
      })),
    );
}

const NAMES = ['a', 'b/c', 'd'];

/** Documents that requests can be about; those before may have deleted or renamed them. */
async function refill(): Promise<void> {
  for (const name of NAMES) {
    const content = { format: 'markdown', text: '# One\n\nsome words\n' };
    await call('POST', '/documents', { body: { name, content } });
  }
}

function wordFor(random: Random) {
  return (pattern: string): string => {
    if (pattern.includes('user|group')) return random.pick(['user:bob', 'group:all', 'link:0123456789abcdef']);
    if (pattern.includes('root:')) return random.pick(['1:1', 'root:x', '4294967295:0']);
    if (pattern.includes('0-9a-f]{16}')) return '0123456789abcdef';
    if (pattern.includes('x21')) return `key-${random.below(20)}`;
    if (pattern.includes('T')) return '2026-11-23T09:30:00.000Z';
    return random.pick([...NAMES, `new${random.below(1_000)}`]);
  };
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Text that may stand in a header: what may not never leaves the sender. */
const asHeader = (text: string): string =>
  text
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 4_000)
    .trim();

function makeRequest(operation: Operation, mode: Mode, random: Random) {
  const options = { schemas, random, isExtreme: mode === 'boundary', wordFor: wordFor(random) };
  const strange = (): boolean => mode === 'hostile' && random.chance(0.3);
  const query = new URLSearchParams();
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  let { path } = operation;
  for (const parameter of operation.parameters) {
    if (parameter.in !== 'path' && parameter.required !== true && random.chance(0.6)) continue;
    const value = strange() ? hostileValue(random) : sampleValue(parameter.schema, options);
    const text = asText(value).toWellFormed().slice(0, 2_000);
    if (parameter.in === 'path')
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(text === '' ? 'x' : text));
    else if (parameter.in === 'query') query.set(parameter.name, text);
    else headers[parameter.name] = asHeader(text);
  }
  const types = Object.keys(operation.bodies);
  const type = types.length === 0 ? null : random.pick(types);
  const body = type === null ? null : makeBody(operation, { type, mode, random, options });
  if (type !== null) headers['content-type'] = type;
  return { url: `http://127.0.0.1:${node.port}${path}?${query.toString()}`, headers, body };
}

function makeBody(
  { bodies }: Operation,
  how: {
    readonly type: string;
    readonly mode: Mode;
    readonly random: Random;
    readonly options: Parameters<typeof sampleValue>[1];
  },
): string | Uint8Array<ArrayBuffer> {
  const { type, mode, random, options } = how;
  if (mode === 'hostile' && random.chance(0.2)) return random.pick(GARBAGE)();
  if (type.includes('yjs')) return makeUpdate(mode, random);
  const value = sampleValue(bodies[type]?.schema ?? {}, options);
  if (!type.includes('json')) return asText(mode === 'hostile' ? hostileValue(random) : value);
  return JSON.stringify(mode === 'hostile' ? damageValue(value, random) : value);
}

const GARBAGE: readonly (() => string | Uint8Array<ArrayBuffer>)[] = [
  () => '{',
  () => '',
  () => '['.repeat(100_000),
  () => '{"a":'.repeat(20_000),
  () => new Uint8Array([0xff, 0xfe, 0, 1, 2]),
  () => new Uint8Array(5_000).fill(255),
  () => '> '.repeat(5_000),
  () => '<div>'.repeat(5_000),
];

function makeUpdate(mode: Mode, random: Random): Uint8Array<ArrayBuffer> {
  const document = new Y.Doc();
  document.getText('t').insert(0, 'x'.repeat(mode === 'boundary' ? 0 : 5));
  const update = Y.encodeStateAsUpdate(document) as Uint8Array<ArrayBuffer>;
  if (mode === 'hostile') update[random.below(update.byteLength)] = random.below(256);
  return update;
}

describe('[REST110] every route answers whatever it is sent', () => {
  it.each(['valid', 'boundary', 'hostile'] as const)('%s', { timeout: 300_000 }, async (mode) => {
    const random = createRandom(SEED);
    const seen = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round % 5 === 0) await refill();
      for (const operation of operations) {
        const { url, headers, body } = makeRequest(operation, mode, random);
        const response = await fetch(url, {
          method: operation.method,
          headers,
          redirect: 'manual',
          ...(body !== null && { body }),
        });
        const text = await readAnswer(response);
        const what = {
          mode,
          seed: SEED,
          round,
          method: operation.method,
          url,
          body: describeBody(body),
          text: text.slice(0, 300),
        };
        expect({ ...what, failed: response.status >= 500 }).toEqual({ ...what, failed: false });
        expect({ ...what, status: response.status, isDescribed: operation.statuses.has(response.status) }).toEqual({
          ...what,
          status: response.status,
          isDescribed: true,
        });
        if (response.status >= 400) expect(JSON.parse(text)).toMatchObject({ status: response.status });
        seen.set(
          `${Math.floor(response.status / 100)}xx`,
          (seen.get(`${Math.floor(response.status / 100)}xx`) ?? 0) + 1,
        );
      }
    }
    // Valid requests are not all turned away at the door.
    if (mode === 'valid') expect(seen.get('2xx') ?? 0).toBeGreaterThan(ROUNDS * 4);
    if (mode === 'hostile') expect(seen.get('4xx') ?? 0).toBeGreaterThan(ROUNDS * 4);
  });
});

/** A stream of events goes on; that it began is its answer. */
async function readAnswer(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text();
  await response.body?.cancel();
  return '';
}

function describeBody(body: string | Uint8Array | null): string | null {
  return body === null ? null : Buffer.from(body).toString('latin1').slice(0, 300);
}
