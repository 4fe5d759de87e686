import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

interface Described {
  readonly description?: string;
}

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;
}

interface Schema extends Described {
  readonly $ref?: string;
  readonly examples?: readonly unknown[];
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly (Described & {
    readonly name: string;
    readonly in: string;
    readonly schema: Schema;
  })[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Described & Body>>;
}

interface OpenApi {
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let world: ApiWorld;
let document: OpenApi;
let operations: readonly (Operation & { readonly at: string })[];

beforeAll(async () => {
  world = await createApiWorld();
  document = (await world.app.inject('/openapi.json')).json<OpenApi>();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, at: `${method} ${path}` })),
  );
});

afterAll(() => world.close());

/** Answers without a body. */
const EMPTY: ReadonlySet<string> = new Set(['204', '304', '308']);

/** Routes of this kind, whose bodies and parameters have to be shown by examples. */
const SHOWN = /^(get|put|post|patch|delete) \/v1\/(documents(\/\{name\}(\/(content|changes))?)?|changes|jobs\/\{id\})$/;

describe('[REST111] the description of the API', () => {
  test('names and sums up every operation, under tags that are described', () => {
    const tags = new Map(document.tags.map(({ name, description }) => [name, description ?? '']));
    for (const { at, operationId, summary, tags: own = [] } of operations) {
      expect([at, operationId]).toEqual([at, expect.stringMatching(/^[a-z][A-Za-z]+$/)]);
      expect([at, (summary ?? '').length > 3 && summary?.endsWith('.') === false]).toEqual([at, true]);
      expect([at, own.map((tag) => (tags.get(tag) ?? '') !== '')]).toEqual([at, [true]]);
    }
  });

  test('describes each parameter of a document', () => {
    for (const { at, parameters = [] } of operations.filter((operation) => SHOWN.test(operation.at))) {
      for (const { name, description } of parameters) {
        expect([at, name, (description ?? '') !== '']).toEqual([at, name, true]);
      }
    }
  });

  test('shows each body of a document by an example', () => {
    for (const { at, requestBody, responses } of operations.filter((operation) => SHOWN.test(operation.at))) {
      const answers = Object.entries(responses).flatMap(([status, answer]) => (EMPTY.has(status) ? [] : [answer]));
      const bodies = [requestBody, ...answers].flatMap((body) => Object.entries(body?.content ?? {}));
      for (const [type, { schema, example }] of bodies) {
        if (type.includes('yjs')) continue;
        expect([at, type, example !== undefined || examplesOf(schema).length > 0]).toEqual([at, type, true]);
      }
    }
  });

  test('gives examples that fit', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/);
    ajv.addSchema({ $id: 'api', components: document.components });
    let checked = 0;
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` });
      for (const example of schema.examples ?? []) {
        validate(example);
        expect([name, validate.errors]).toEqual([name, null]);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(10);
  });
});

function examplesOf(schema: Schema | undefined): readonly unknown[] {
  if (schema?.$ref === undefined) return schema?.examples ?? [];
  return document.components.schemas[schema.$ref.split('/').at(-1) ?? '']?.examples ?? [];
}
