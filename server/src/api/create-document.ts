import { randomInt } from 'node:crypto';
import type { DocumentName } from '@scriptorium/shared/document-name';
import { ScriptoriumError } from '../core/errors.ts';
import { encodeLogRow } from '../core/log-row.ts';
import type { DocumentDescription, DocumentRecord, DocumentSeed } from '../ports/document-catalog.ts';
import type { ApiDeps } from './api-deps.ts';
import { requireAction, type Caller } from './authenticate.ts';
import { composeBody, type ContentBody } from './content-body.ts';
import { findDocumentHere } from './find-document.ts';
import { findState } from './find-state.ts';
import { noteExport } from './note-export.ts';

export type CreateDeps = Pick<
  ApiDeps,
  'catalog' | 'documents' | 'versions' | 'writer' | 'conversions' | 'journal' | 'clock'
>;

/** What a new document begins with: nothing, a content, or a copy of another document. */
export type Beginning =
  | { readonly kind: 'empty' }
  | { readonly kind: 'content'; readonly body: ContentBody }
  | { readonly kind: 'copy'; readonly of: DocumentName; readonly at: string | null };

export interface NewDocument {
  readonly caller: Caller;
  readonly name: DocumentName;
  /** Wall-clock milliseconds; an attempt that follows another says when that one began. */
  readonly at: number;
  readonly beginning: Beginning;
  readonly description: Partial<DocumentDescription>;
}

const EMPTY_STATE = new Uint8Array([0, 0]);
/** Yjs draws its ids from 32 bits. */
const ID_SPACE = 2 ** 32;

/** Creates a document with all that it begins with, in one step; `exists` when the name is taken. */
export async function createDocument(
  deps: CreateDeps,
  { caller, name, at, beginning, description }: NewDocument,
): Promise<{ readonly kind: 'created' | 'exists'; readonly record: DocumentRecord }> {
  const { tenant, user } = caller.identity;
  const seed = await sow(deps, caller, beginning);
  return deps.catalog.createWith(tenant, name, { user, at, seed: { ...seed, ...description } });
}

/** Whether an attempt that follows another finds the document that the earlier one created. */
export function isOwnCreation(
  record: DocumentRecord,
  caller: Caller,
  attempt: { readonly begunAt: number; readonly isResumed: boolean },
): boolean {
  return attempt.isResumed && record.createdBy === caller.identity.user && record.createdAt === attempt.begunAt;
}

async function sow(deps: CreateDeps, caller: Caller, beginning: Beginning): Promise<DocumentSeed> {
  switch (beginning.kind) {
    case 'empty':
      return EMPTY_SEED;
    case 'content':
      return sowBody(deps, caller.identity.user, beginning.body);
    case 'copy':
      return sowCopy(deps, caller, beginning);
  }
}

const EMPTY_SEED: DocumentSeed = { payload: null, bindings: [], title: null, metadata: {} };

async function sowBody({ conversions, writer }: CreateDeps, user: string, body: ContentBody): Promise<DocumentSeed> {
  const client = randomInt(ID_SPACE);
  const update = await composeBody(conversions, body, { state: EMPTY_STATE, clientId: client });
  const updates = update === null ? [] : writer.judgeSeed(update);
  if (updates.length === 0) return EMPTY_SEED;
  // What comes as an update was written under ids of others, which stay free for them.
  const bindings = body.format === 'yjs' ? [] : [{ client, user }];
  return { ...EMPTY_SEED, payload: encodeLogRow([{ actor: user, updates }]), bindings };
}

/** A copy is the state itself, so its blocks keep their addresses, and nodes that no schema knows are in it too. */
async function sowCopy(
  deps: CreateDeps,
  caller: Caller,
  { of, at }: Beginning & { readonly kind: 'copy' },
): Promise<DocumentSeed> {
  const { catalog, documents } = deps;
  const record = await findDocumentHere(catalog, { caller, name: of, action: 'export' });
  if (at !== null) requireAction(caller, record.name, 'read-history');
  const { seq, state, damaged } = await (at === null
    ? documents.read(record)
    : documents.readAt(record, (await findState(deps.versions, record, at)).seq));
  if (damaged) throw new ScriptoriumError('document-quarantined');
  noteExport(deps, caller, { document: record.name, detail: { format: 'yjs', seq } });
  const { title, metadata } = record;
  if (state.byteLength <= EMPTY_STATE.byteLength) return { ...EMPTY_SEED, title, metadata };
  const payload = encodeLogRow([{ actor: caller.identity.user, updates: [state] }]);
  return { payload, bindings: [], title, metadata };
}
