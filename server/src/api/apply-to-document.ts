import type { DocumentName } from '@scriptorium/shared/document-name';
import type { ChangesAnswer, ChangesBody } from '@scriptorium/shared/write-schemas';
import type { ChangeResult } from '@scriptorium/shared/change-schemas';
import { ScriptoriumError } from '../core/errors.ts';
import type { Intent, PlacedIntent } from '../core/intent.ts';
import type { Precondition } from '../core/precondition.ts';
import type { Composed, EditBase, WriteTarget } from '../ports/document-writer.ts';
import type { ApiDeps } from './api-deps.ts';
import type { Caller } from './authenticate.ts';
import { findTarget } from './find-target.ts';

export type ChangesDeps = Pick<ApiDeps, 'catalog' | 'documents' | 'writer' | 'conversions' | 'records'>;

/** Operations that somebody wants to have applied to a document. */
export interface WantedChanges {
  readonly caller: Caller;
  readonly name: DocumentName;
  readonly precondition: Precondition;
  readonly changes: ChangesBody;
  /** What an earlier attempt was about to store. */
  readonly earlier: Intent | null;
  /** Called with what this one is about to store. */
  readonly intend: (intent: PlacedIntent) => Promise<void>;
}

/** Applies operations that were thought of in an earlier state to the document as it is now. */
export async function applyToDocument(deps: ChangesDeps, wanted: WantedChanges): Promise<ChangesAnswer> {
  const { caller, name, precondition, changes } = wanted;
  const target = await findTarget(deps.catalog, { caller, name });
  if (target === null) throw new ScriptoriumError('document-not-found');
  const written = await deps.writer.write<readonly ChangeResult[]>(target, {
    user: caller.identity.user,
    precondition,
    compose: (base) => compose(deps, { target, changes, base }),
    earlier: wanted.earlier === null ? null : toComposed(wanted.earlier),
    beforeAppend: (composed) => wanted.intend({ documentId: target.record.id, ...composed }),
  });
  deps.records.forget(target.record.tenant, name);
  const { epoch, seq, changed, result } = written;
  return { epoch, seq, changed, results: [...result] };
}

async function compose(
  { documents, conversions }: ChangesDeps,
  on: { readonly target: WriteTarget; readonly changes: ChangesBody; readonly base: EditBase },
): Promise<Composed<readonly ChangeResult[]>> {
  const { target, changes, base } = on;
  const { operations, atomic, base: seq = base.seq } = changes;
  if (seq > base.seq) throw new ScriptoriumError('unknown-base', `the document ends at ${base.seq}`);
  const from = seq === base.seq ? base.state : (await documents.readAt(target.record, seq)).state;
  const { update, results } = await conversions.change({
    base: from,
    current: base.state,
    operations,
    atomic,
    clientId: base.clientId,
  });
  return { update, result: results };
}

/** What was kept is what `compose` made. */
function toComposed({ update, result }: Intent): Composed<readonly ChangeResult[]> {
  return { update, result: result as readonly ChangeResult[] };
}
