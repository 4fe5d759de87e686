/** A part of a JSON schema, as far as a fuzzer reads it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One thing that the API can be asked, as its OpenAPI document tells it. */
export interface Operation {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schemas of its body by content type. */
  readonly bodies: readonly (readonly [contentType: string, schema: JsonSchema])[];
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: JsonSchema;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head'] as const;

/** All operations of an OpenAPI document, with references to shared schemas followed as far as they go. */
export function readOperations(document: unknown): readonly Operation[] {
  return Object.entries(asSchema(read(document, 'paths'))).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = read(item, method);
      if (operation === undefined) return [];
      const parameters = [...asArray(read(item, 'parameters')), ...asArray(read(operation, 'parameters'))].map(
        (it): Parameter => ({
          name: String(read(it, 'name')),
          in: String(read(it, 'in')),
          schema: asSchema(read(it, 'schema')),
        }),
      );
      const content = asSchema(read(read(operation, 'requestBody'), 'content'));
      const bodies = Object.entries(content).map(([type, media]) => [type, asSchema(read(media, 'schema'))] as const);
      return [{ method: method.toUpperCase(), path, parameters, bodies }];
    }),
  );
}

/** The schema itself, or the one that it refers to. */
export function resolveSchema(schema: JsonSchema, document: unknown): JsonSchema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  return asSchema(
    reference
      .split('/')
      .slice(1)
      .reduce<unknown>((value, key) => read(value, key), document),
  );
}

export function asSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {};
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
