import type { DocumentName } from '@scriptorium/shared/document-name';
import type { Action } from '@scriptorium/shared/roles';
import { ScriptoriumError } from '../core/errors.ts';
import { formatRecordEtag } from '../core/etag.ts';
import { holds, type Precondition } from '../core/precondition.ts';
import type { DescriptionChange, DocumentRecord } from '../ports/document-catalog.ts';
import type { ApiDeps } from './api-deps.ts';
import { requireAction, type Caller } from './authenticate.ts';
import { findDocumentHere } from './find-document.ts';

type RecordDeps = Pick<ApiDeps, 'catalog' | 'documents' | 'clock' | 'records'>;

export interface WantedChange {
  readonly caller: Caller;
  readonly name: DocumentName;
  readonly precondition: Precondition;
}

/** The record, if it is in a state that may be changed: that of the content, or of the record itself. */
export async function findUnchanged(
  { catalog }: Pick<RecordDeps, 'catalog'>,
  { caller, name, precondition }: WantedChange,
  action: Action,
): Promise<DocumentRecord> {
  const record = await findDocumentHere(catalog, { caller, name, action });
  requireState(precondition, record);
  return record;
}

/** Throws `precondition-failed` unless the content, or the record as a whole, is in a state that is named. */
export function requireState(
  precondition: Precondition,
  { epoch, head, revision }: Pick<DocumentRecord, 'epoch' | 'head' | 'revision'>,
): void {
  const isNamed = precondition.kind === 'state' && precondition.tags.has(formatRecordEtag(epoch, head, revision));
  if (!isNamed && !holds(precondition, { epoch, seq: head })) throw new ScriptoriumError('precondition-failed');
}

/** Renames a document; what it holds stays what it is, so others may go on typing up to the moment. */
export async function renameDocument(
  deps: RecordDeps,
  wanted: WantedChange & { readonly isResumed: boolean },
  target: DocumentName,
): Promise<DocumentRecord> {
  const { caller, name } = wanted;
  const { tenant, user } = caller.identity;
  requireAction(caller, target, 'create');
  const done = wanted.isResumed ? await deps.catalog.resolve(tenant, name) : null;
  // The attempt before this one came as far as that.
  if (done?.kind === 'renamed' && done.record.name === target) return done.record;
  const record = await findUnchanged(deps, wanted, 'rename');
  if (target === name) return record;
  const renamed = await deps.documents.retire(record, 'renamed', async () => {
    const outcome = await deps.catalog.rename(tenant, name, target, { user, at: deps.clock.now() });
    // Thrown in here, so that nobody is sent away for a rename that did not happen.
    if (outcome.kind !== 'renamed')
      throw new ScriptoriumError(outcome.kind === 'exists' ? 'document-exists' : 'document-not-found');
    return { kind: 'done', result: outcome.record };
  });
  deps.records.forget(tenant, name);
  deps.records.forget(tenant, target);
  return renamed;
}

/** Changes title and metadata of a document as it was found. */
export async function describeDocument(
  { catalog, records }: RecordDeps,
  change: { readonly caller: Caller; readonly current: DocumentRecord; readonly description: DescriptionChange },
): Promise<DocumentRecord> {
  const { tenant, name, revision } = change.current;
  requireAction(change.caller, name, 'write');
  const outcome = await catalog.describe(tenant, name, change.description, revision);
  if (outcome.kind === 'absent') throw new ScriptoriumError('document-not-found');
  if (outcome.kind === 'moved') throw new ScriptoriumError('precondition-failed', 'somebody else changed it meanwhile');
  records.forget(tenant, name);
  return outcome.record;
}
