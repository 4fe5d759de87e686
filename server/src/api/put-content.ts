import type { DocumentName } from '@scriptorium/shared/document-name';
import type { WrittenView } from '@scriptorium/shared/write-schemas';
import type { Precondition } from '../core/precondition.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import type { WriteTarget } from '../ports/document-writer.ts';
import type { ApiDeps } from './api-deps.ts';
import type { Caller } from './authenticate.ts';
import { composeBody, type ContentBody } from './content-body.ts';
import { createDocument, isOwnCreation } from './create-document.ts';
import type { Attempt } from './run-once.ts';
import { requireAbsent } from './write-answers.ts';

export type PutDeps = Pick<
  ApiDeps,
  'catalog' | 'documents' | 'writer' | 'conversions' | 'journal' | 'clock' | 'records' | 'versions'
>;

/** What a document is to hold. */
export interface WantedContent {
  readonly caller: Caller;
  readonly name: DocumentName;
  readonly body: ContentBody;
  readonly precondition: Precondition;
  /** `null` where there is no document, and the caller may create it. */
  readonly target: WriteTarget | null;
}

/** Makes a content what a document holds, by the smallest edit; a document that is not there is created with it in one step. */
export function putContent(deps: PutDeps, wanted: WantedContent, attempt: Attempt): Promise<WrittenView> {
  const { target } = wanted;
  return target === null ? createWith(deps, wanted, attempt) : replaceIn(deps, { ...wanted, target }, attempt);
}

async function createWith(deps: PutDeps, wanted: WantedContent, attempt: Attempt): Promise<WrittenView> {
  const { caller, name, body, precondition } = wanted;
  requireAbsent(precondition);
  const beginning = { kind: 'content', body } as const;
  const { kind, record } = await createDocument(deps, {
    caller,
    name,
    at: attempt.begunAt,
    beginning,
    description: {},
  });
  deps.records.forget(record.tenant, name);
  // Somebody was faster; the content goes into what is there now.
  if (kind === 'exists') return replaceIn(deps, { ...wanted, target: { record, tombstone: null } }, attempt);
  return toCreated(record);
}

/** The state that a document was created in, whatever became of it since. */
function toCreated({ epoch, head }: DocumentRecord): WrittenView {
  return { epoch, seq: Math.min(head, 1), created: true, changed: head > 0 };
}

async function replaceIn(
  deps: PutDeps,
  wanted: WantedContent & { readonly target: WriteTarget },
  attempt: Attempt,
): Promise<WrittenView> {
  const { caller, body, precondition, target } = wanted;
  if (isOwnCreation(target.record, caller, attempt)) return toCreated(target.record);
  const { epoch, seq, changed } = await deps.writer.write(target, {
    user: caller.identity.user,
    precondition,
    compose: async (base) => ({ update: await composeBody(deps.conversions, body, base), result: null }),
    earlier: attempt.earlier === null ? null : { update: attempt.earlier.update, result: null },
    beforeAppend: ({ update }) => attempt.intend({ documentId: target.record.id, update, result: null }),
  });
  deps.records.forget(target.record.tenant, wanted.name);
  return { epoch, seq, created: false, changed };
}
