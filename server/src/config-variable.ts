import { z } from 'zod';

/** One environment variable: how it is read, and its row in the table for people. */
export interface Variable<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** As the table shows it; empty when there is none. */
  readonly fallback: string;
  readonly meaning: string;
}

export function variable<Schema extends z.ZodType>(
  schema: Schema,
  fallback: string,
  meaning: string,
): Variable<Schema> {
  return { schema, fallback, meaning };
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly fallback: number;
}

/** A whole number in a range. */
export function integer({ from: least, to: most, fallback }: Range, meaning: string): Variable<z.ZodType<number>> {
  const range = `must be a whole number from ${least} to ${most}`;
  const schema = z
    .string()
    .regex(/^\d{1,15}$/, range)
    .transform(Number)
    .refine((value) => value >= least && value <= most, range)
    .default(fallback);
  return variable(schema, String(fallback), meaning);
}

/** `true` or `false`. */
export function flag(fallback: boolean, meaning: string): Variable<z.ZodType<boolean>> {
  const schema = z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((value) => value === 'true')
    .default(fallback);
  return variable(schema, String(fallback), meaning);
}

/** Free text without a default. */
export function optionalText(meaning: string): Variable<z.ZodType<string | undefined>> {
  return variable(z.string().max(4096, 'is too long').optional(), '', meaning);
}

/** An address with one of the schemes, without a default. */
export function optionalUrl(schemes: readonly string[], meaning: string): Variable<z.ZodType<string | undefined>> {
  const message = `must be an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const schema = z
    .string()
    .max(4096, 'is too long')
    .refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)), message)
    .optional();
  return variable(schema, '', meaning);
}

export const KIBIBYTE = 1024;
export const MEBIBYTE = 1024 * KIBIBYTE;
