import type { ErrorCode } from '@scriptorium/shared/error-codes';

/** Why bytes of a client are not taken; `detail` is fixed text, safe to show and to log. */
export interface Refusal {
  readonly kind: 'refuse';
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Makes a refusal. */
export function refuse(code: ErrorCode, detail: string): Refusal {
  return { kind: 'refuse', code, detail };
}

/** Carries a refusal out of nested reads; it never leaves the module that parses. */
export class RefusedBytes extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** Runs a parser and turns its `RefusedBytes` into the refusal it carries. */
export function catchRefusal<T>(parse: () => T): T | Refusal {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RefusedBytes) return error.refusal;
    throw error;
  }
}
