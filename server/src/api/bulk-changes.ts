import type { JobBody, JobView } from '@scriptorium/shared/write-schemas';
import type { Access } from '../access/access.ts';
import { ScriptoriumError, toScriptoriumError } from '../core/errors.ts';
import { decodeIntent, encodeIntent } from '../core/intent.ts';
import { readPrecondition } from '../core/precondition.ts';
import type { ClaimedJob, Job, JobItem } from '../ports/job-store.ts';
import type { NotedIntent } from '../ports/request-ledger.ts';
import { applyToDocument, type ChangesDeps } from './apply-to-document.ts';
import { requireDocumentName } from './authenticate.ts';

type DocumentChanges = JobBody['documents'][number];
type JobOutcome = JobView['documents'][number];

/** Does one part of a job: the operations on one document. Refusals are outcomes; what may pass is thrown. */
export function createBulkChanges(deps: ChangesDeps & { readonly access: Access }) {
  return async (
    { identity }: ClaimedJob,
    item: JobItem,
    { intend }: { readonly intend: (intent: NotedIntent) => Promise<void> },
  ): Promise<string> => {
    const { name, ifMatch, ...changes } = readRequest(item);
    try {
      // What they may do is judged now: it may have been taken from them since.
      const { rights } = await deps.access.standingOf(identity);
      if (rights === null) throw new ScriptoriumError('unauthenticated', 'this access was taken away');
      const answer = await applyToDocument(deps, {
        caller: { identity, rights },
        name: requireDocumentName(name),
        precondition: readPrecondition({ 'if-match': ifMatch }),
        changes,
        earlier: item.intent === null ? null : decodeIntent(item.intent),
        intend: (intent) => intend({ documentId: intent.documentId, bytes: encodeIntent(intent) }),
      });
      return encodeOutcome({ name, status: 'done', ...answer });
    } catch (error) {
      const { code, detail, definition } = toScriptoriumError(error);
      // What nobody foresaw would fail for ever.
      if (definition.retryable && code !== 'internal') throw error;
      return encodeOutcome({ name, status: 'failed', code, ...(detail !== undefined && { detail }) });
    }
  };
}

/** A job as REST shows it. */
export function toJobView({ id, createdAt, finishedAt, isClaimed, items }: Job): JobView {
  return {
    id,
    status: finishedAt !== null ? 'finished' : isClaimed ? 'running' : 'waiting',
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    done: items.filter(({ outcome }) => outcome !== null).length,
    total: items.length,
    documents: items.map((item) =>
      item.outcome === null ? { name: readRequest(item).name, status: 'waiting' } : readOutcome(item.outcome),
    ),
  };
}

function encodeOutcome(outcome: JobOutcome): string {
  return JSON.stringify(outcome);
}

/** Both were checked before they were stored. */
function readRequest({ request }: JobItem): DocumentChanges {
  return JSON.parse(request) as DocumentChanges;
}

function readOutcome(outcome: string): JobOutcome {
  return JSON.parse(outcome) as JobOutcome;
}
