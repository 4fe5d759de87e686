import { formatEtag, formatRecordEtag } from '../core/etag.ts';
import { holds, type Precondition } from '../core/precondition.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import { TOKEN_PROBLEMS } from './describe-route.ts';

/** Codes that every write of a document can answer with. */
export const WRITE_PROBLEMS = [
  ...TOKEN_PROBLEMS,
  'invalid-document-name',
  'bad-request',
  'forbidden',
  'document-not-found',
  'document-deleted',
  'request-in-progress',
  'precondition-failed',
  'idempotency-key-reused',
  'payload-too-large',
  'unsupported-media-type',
  'overloaded',
  'room-discarded',
] as const;

/** Codes of writes that change what a document holds. */
export const CONTENT_PROBLEMS = [
  'invalid-content',
  'unknown-node',
  'conversion-exceeded',
  'limit-exceeded',
  'forbidden-update',
  'document-full',
  'quota-exceeded',
  'document-quarantined',
] as const;

/** Headers that name the state that a write came to. */
export function stateHeaders({ epoch, seq }: { readonly epoch: number; readonly seq: number }) {
  return { etag: formatEtag(epoch, seq) };
}

/** The conditions of a write to a document that is not there. Throws `precondition-failed`. */
export function requireAbsent(precondition: Precondition): void {
  if (!holds(precondition, null)) throw new ScriptoriumError('precondition-failed');
}

/** Headers that name the state of a document and its record. */
export function recordHeaders({ epoch, head, revision }: DocumentRecord) {
  return { etag: formatRecordEtag(epoch, head, revision) };
}
