import { ScriptoriumError } from '../core/errors.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Deeper than any document that passes the gate; a renderer that recursed without end would take the process down. */
const DEPTH_MAX = 200;

/** Throws `limit-exceeded` beyond the depth that is rendered. */
export function checkDepth(depth: number): void {
  if (depth > DEPTH_MAX)
    throw new ScriptoriumError('limit-exceeded', `the document is nested deeper than ${DEPTH_MAX} levels`);
}

/**
 * Turns a plain value out of a Yjs document into JSON. What JSON lacks becomes the nearest it has: bytes base64, a
 * big integer its digits, `undefined`, NaN and the infinities `null`.
 */
export function toJsonValue(value: unknown, depth = 0): JsonValue {
  checkDepth(depth);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((inner) => toJsonValue(inner, depth + 1));
  if (typeof value !== 'object') return null;
  // fromEntries defines properties, so that a key such as `__proto__` stays a key.
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJsonValue(inner, depth + 1)]));
}
