import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';

type JsonSchema = Record<string, unknown>;

const SCHEMA_PREFIX = '#/components/schemas/';
const INPUT = 'Input';

/** What zod says of every integer and every time, and nobody wants to read. */
const zodToJsonConfig = {
  override: ({ jsonSchema }: { readonly jsonSchema: JsonSchema }) => {
    if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
    if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
    if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  },
};

const addComponents = createJsonSchemaTransformObject({ zodToJsonConfig });

/** The OpenAPI document of the routes that `register` adds to the instance, which serves for nothing else and is closed. */
export async function describeApi(
  carrier: FastifyInstance,
  api: { readonly version: string; readonly register: () => Promise<void> },
): Promise<object> {
  await carrier.register(swagger, createOpenApiOptions(api.version));
  await api.register();
  await carrier.ready();
  const document = carrier.swagger();
  await carrier.close();
  return document;
}

/** What is common to all routes, and how zod schemas are turned into the document. */
function createOpenApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Scriptorium',
        version,
        description:
          'Documents that many hands write at once. Editing itself goes over WebSockets; this is everything else. ' +
          'Errors are RFC 9457 problem details with a stable `code`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'Documents', description: 'A `/` in a document name is written `%2F`.' },
        { name: 'Jobs', description: 'Work that goes on after its request was answered.' },
        { name: 'Search', description: 'Finds what the caller may read at the moment.' },
        { name: 'History', description: 'Who wrote what when; versions, and the way back to them.' },
        { name: 'Publications', description: 'What anybody may read.' },
        { name: 'Files', description: 'Documents out of files and as files.' },
        { name: 'Presence', description: 'Who is in a document, and messages to its clients.' },
        { name: 'Webhooks', description: 'Where it is told what happens to documents.' },
        { name: 'Erasure', description: 'Documents deleted for good, and what is kept about people.' },
        { name: 'Access', description: 'Who may do what: grants, links, keys.' },
        { name: 'Sign-in', description: 'Who one is, and in development mode how to become somebody.' },
        { name: 'Operations', description: 'Health.' },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'The same token that opens documents over WebSockets.',
          },
        },
      },
    },
    transform: transformRoute,
    transformObject: (document) => mergeComponents(addComponents(document)),
  };
}

const transformZod = createJsonSchemaTransform({ zodToJsonConfig });

/** A body of several media types is described in JSON Schema already, and the rest of its route in zod's. */
const transformRoute: typeof transformZod = (route) => {
  const { body, ...rest } = route.schema ?? {};
  if (typeof body !== 'object' || body === null || !('content' in body)) return transformZod(route);
  const transformed = transformZod({ ...route, schema: rest });
  return { ...transformed, schema: { ...transformed.schema, body } };
};

/**
 * Every named schema comes twice, as it is read and as it is written. Ours are the same both ways, so one is kept under
 * the plain name: the written one where an answer uses it, else the read one.
 */
function mergeComponents<Document extends object>(document: Document): Document {
  const text = JSON.stringify(document);
  return JSON.parse(text, (key, value: unknown) => {
    if (key === '$ref' && typeof value === 'string') return plainReference(value);
    return key === 'schemas' && isObject(value) ? mergeSchemas(value, text) : value;
  }) as Document;
}

function plainReference(reference: string): string {
  return reference.startsWith(SCHEMA_PREFIX) && reference.endsWith(INPUT)
    ? reference.slice(0, -INPUT.length)
    : reference;
}

function mergeSchemas(schemas: Record<string, unknown>, text: string): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    if (name.endsWith(INPUT)) continue;
    const written = text.includes(`"${SCHEMA_PREFIX}${name}"`);
    merged[name] = written ? schema : (schemas[`${name}${INPUT}`] ?? schema);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
