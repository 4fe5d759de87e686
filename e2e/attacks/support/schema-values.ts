import type { Random } from '../../../server/test/support/random.ts';
import { asArray, asSchema, type JsonSchema, resolveSchema } from './openapi-operations.ts';

/** Texts that programs stumble over. */
export const STRANGE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '../..',
  '%2e%2e%2f',
  '__proto__',
  'constructor',
  "' or 1=1 --",
  '"; drop table documents; --',
  '<script>alert(1)</script>',
  '${7*7}',
  'a\r\nX-Injected: 1',
  '\u202E\u200B',
  '\uD800',
  'é́'.repeat(300),
  'x'.repeat(5_000),
  '-1',
  '1e309',
  'NaN',
  '9007199254740993',
  '*',
  'W/"1-1"',
];

const STRANGE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  [],
  {},
  [[[[[[[[]]]]]]]],
  { __proto__: null, constructor: { prototype: {} } },
  ...STRANGE_TEXTS.slice(0, 10),
];

const MOST_DEPTH = 6;

export interface ValueSource {
  /** The OpenAPI document that the schema refers to. */
  readonly document: unknown;
  readonly random: Random;
}

/** A value that fits a schema more or less: patterns and bounds are met by examples, where there are any. */
export function makeValue(schema: JsonSchema, from: ValueSource, depth = 0): unknown {
  const { document, random } = from;
  const known = resolveSchema(schema, document);
  if (depth > MOST_DEPTH) return null;
  const make = (part: unknown): unknown => makeValue(asSchema(part), from, depth + 1);
  if ('const' in known) return known['const'];
  const alternatives = [known['enum'], known['examples']].map(asArray).find((values) => values.length > 0);
  if (alternatives !== undefined && random.chance(0.8)) return random.pick(alternatives);
  const union = [known['anyOf'], known['oneOf']].map(asArray).find((parts) => parts.length > 0);
  if (union !== undefined) return make(random.pick(union));
  const parts = asArray(known['allOf']);
  if (parts.length > 0) return Object.assign({}, ...parts.map((part) => asSchema(make(part)))) as unknown;
  switch (known['type']) {
    case 'object':
      return makeObject(known, make, random);
    case 'array':
      return Array.from({ length: random.below(4) }, () => make(known['items']));
    case 'integer':
    case 'number':
      return random.below(random.pick([2, 100, 100_000]));
    case 'boolean':
      return random.chance(0.5);
    case 'string':
      return random.chance(0.7)
        ? random.pick(['notes/fuzz', 'ada', 'text', 'editor', 'user:ada'])
        : random.pick(STRANGE_TEXTS);
    default:
      return random.pick(STRANGE_VALUES);
  }
}

function makeObject(schema: JsonSchema, make: (part: unknown) => unknown, random: Random): Record<string, unknown> {
  const required = new Set(asArray(schema['required']));
  const entries = Object.entries(asSchema(schema['properties']))
    .filter(([name]) => required.has(name) || random.chance(0.5))
    .map(([name, part]) => [name, make(part)] as const);
  return Object.fromEntries(entries);
}

/** The value with something in it changed: another type, another key, a part left out, nested without end. */
export function spoilValue(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.7)) {
    const at = random.below(value.length);
    return value.map((part: unknown, index) => (index === at ? spoilValue(part, random) : part));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && random.chance(0.8)) {
    return spoilObject(value, random);
  }
  if (random.chance(0.05)) return Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], 1);
  return random.pick(STRANGE_VALUES);
}

function spoilObject(value: object, random: Random): Record<string, unknown> {
  const entries = Object.entries(value) as [string, unknown][];
  const kind = random.below(3);
  if (entries.length === 0 || kind === 0) return Object.fromEntries([...entries, [random.pick(STRANGE_TEXTS), 1]]);
  const at = random.below(entries.length);
  if (kind === 1) return Object.fromEntries(entries.filter((_, index) => index !== at));
  return Object.fromEntries(entries.map(([key, part], index) => [key, index === at ? spoilValue(part, random) : part]));
}
