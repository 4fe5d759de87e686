import { ERRORS, type ErrorCode } from '@scriptorium/shared/error-codes';
import type { ErrorDefinition } from '@scriptorium/shared/error-definition';

/** The one error class: a code of the shared table, and a detail that is safe to show to the caller. */
export class ScriptoriumError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, detail?: string, options?: { readonly cause?: unknown }) {
    super(detail === undefined ? code : `${code}: ${detail}`, options);
    this.name = 'ScriptoriumError';
    this.code = code;
    this.detail = detail;
  }

  get definition(): ErrorDefinition {
    return ERRORS[this.code];
  }
}

/** Returns the error as one of ours; anything unknown becomes `internal` with the original as its cause. */
export function toScriptoriumError(error: unknown): ScriptoriumError {
  return error instanceof ScriptoriumError ? error : new ScriptoriumError('internal', undefined, { cause: error });
}

/** Ends a switch over a union: the compiler proves that no case is left. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
