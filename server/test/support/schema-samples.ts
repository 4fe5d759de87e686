import type { Random } from './random.ts';

/** A JSON Schema, as far as the API's description uses it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
}

export interface SampleOptions {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly random: Random;
  /** At the bounds of lengths and numbers, instead of somewhere between. */
  readonly isExtreme: boolean;
  /** Words for a string of a pattern: a sampler of regular expressions would know no document that is there. */
  readonly wordFor: (pattern: string) => string;
}

const DEPTH_MAX = 6;
const LENGTH_MAX = 2_000;

/** Makes a value that fits a schema. */
export function sampleValue(schema: JsonSchema, options: SampleOptions, depth = 0): unknown {
  const { random, schemas } = options;
  if (schema.$ref !== undefined) return sampleValue(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, options, depth);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return sampleValue(random.pick(choices), options, depth);
  if (schema.allOf !== undefined) return sampleValue(schema.allOf[0] ?? {}, options, depth);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return random.pick(schema.enum);
  const type = typeof schema.type === 'string' ? schema.type : random.pick(schema.type ?? ['null', 'string', 'object']);
  switch (type) {
    case 'string':
      return sampleString(schema, options);
    case 'integer':
    case 'number':
      return sampleNumber(schema, options);
    case 'boolean':
      return random.chance(0.5);
    case 'array':
      return sampleArray(schema, options, depth);
    case 'object':
      return sampleObject(schema, options, depth);
    default:
      return null;
  }
}

function sampleString(schema: JsonSchema, { random, isExtreme, wordFor }: SampleOptions): string {
  if (schema.format === 'date-time') return '2026-11-23T09:30:00.000Z';
  if (schema.format === 'uuid') return '6f9619ff-8b86-4d11-b42d-00c04fc964ff';
  if (schema.format === 'base64') return Buffer.from('some bytes').toString('base64');
  if (schema.pattern !== undefined) return wordFor(schema.pattern);
  const [least, most] = [schema.minLength ?? 0, Math.min(schema.maxLength ?? 20, LENGTH_MAX)];
  const length = isExtreme ? random.pick([least, most]) : least + random.below(Math.min(most - least, 20) + 1);
  return 'wörd '.repeat(Math.ceil(length / 5)).slice(0, length);
}

function sampleNumber(schema: JsonSchema, { random, isExtreme }: SampleOptions): number {
  const [least, most] = [schema.minimum ?? -1_000, schema.maximum ?? 1_000];
  return isExtreme ? random.pick([least, most]) : least + random.below(Math.min(most - least, 20) + 1);
}

function sampleArray(schema: JsonSchema, options: SampleOptions, depth: number): readonly unknown[] {
  const { random, isExtreme } = options;
  const least = schema.minItems ?? 0;
  const most = depth > DEPTH_MAX ? least : Math.min(schema.maxItems ?? 5, isExtreme ? 100 : 5);
  const length = isExtreme ? random.pick([least, most]) : least + random.below(Math.max(0, most - least) + 1);
  return Array.from({ length }, () => sampleValue(schema.items ?? {}, options, depth + 1));
}

function sampleObject(schema: JsonSchema, options: SampleOptions, depth: number): Readonly<Record<string, unknown>> {
  const required = new Set(schema.required);
  const known = Object.entries(schema.properties ?? {}).filter(
    ([key]) => required.has(key) || (depth < DEPTH_MAX && options.random.chance(0.5)),
  );
  const extra =
    typeof schema.additionalProperties === 'object' ? [['extra', schema.additionalProperties] as const] : [];
  return Object.fromEntries([...known, ...extra].map(([key, inner]) => [key, sampleValue(inner, options, depth + 1)]));
}

/** Values that break what takes a request for well-meant. */
const HOSTILE: readonly (() => unknown)[] = [
  () => null,
  () => '',
  () => 'x'.repeat(20_000),
  () => '\0',
  () => '\u{d800}',
  () => '__proto__',
  () => "'; drop table documents; --",
  () => '../../../etc/passwd',
  () => -1,
  () => 2 ** 53,
  () => 1e308,
  () => 0.5,
  () => true,
  () => [],
  () => ({}),
  (): unknown => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1}}'),
  () => nest(200),
  () => nest(3_000),
  () => Array.from({ length: 2_000 }, () => ({ type: 'paragraph' })),
];

function nest(depth: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < depth; level += 1)
    value = level % 2 === 0 ? [value] : { type: 'blockquote', content: value };
  return value;
}

export function hostileValue(random: Random): unknown {
  return random.pick(HOSTILE)();
}

/** The value with one part of it replaced by a hostile one, or taken away. */
export function damageValue(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.25)) return hostileValue(random);
  const keys = Object.keys(value);
  if (keys.length === 0) return hostileValue(random);
  const key = random.pick(keys);
  const copy: object = Array.isArray(value) ? Array.from<unknown>(value) : { ...value };
  if (random.chance(0.2)) Reflect.deleteProperty(copy, key);
  else Reflect.set(copy, key, damageValue(Reflect.get(value, key), random));
  return copy;
}
