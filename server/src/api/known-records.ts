import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Clock } from '../ports/clock.ts';
import type { DocumentCatalog, Resolution } from '../ports/document-catalog.ts';

/** What names lead to, as it was within the last second: so often read that the catalog need not be asked each time. */
export interface KnownRecords {
  /** What the name leads to; `fresh` asks the catalog. */
  resolve(tenant: Tenant, name: DocumentName, fresh: boolean): Promise<Resolution>;
  /** Forgets what this node has changed. */
  forget(tenant: Tenant, name: DocumentName): void;
}

/** Milliseconds for which an answer holds. */
const MAX_AGE = 1_000;
const CAPACITY = 10_000;

interface Entry {
  readonly at: number;
  readonly answer: Promise<Resolution>;
}

export function createKnownRecords(deps: { readonly catalog: DocumentCatalog; readonly clock: Clock }): KnownRecords {
  const entries = new Map<string, Entry>();
  const keyOf = (tenant: Tenant, name: DocumentName): string => `${tenant} ${name}`;

  const ask = (key: string, tenant: Tenant, name: DocumentName): Promise<Resolution> => {
    // The time of the question: what is answered later may already be older.
    const entry: Entry = { at: deps.clock.monotonic(), answer: deps.catalog.resolve(tenant, name) };
    entries.delete(key);
    entries.set(key, entry);
    const oldest = entries.size > CAPACITY ? entries.keys().next().value : undefined;
    if (oldest !== undefined) entries.delete(oldest);
    const forget = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    // Only what is there is remembered: whoever creates a document wants to see it.
    entry.answer.then(({ kind }) => {
      if (kind !== 'found') forget();
    }, forget);
    return entry.answer;
  };

  return {
    resolve(tenant, name, fresh) {
      const key = keyOf(tenant, name);
      const known = fresh ? undefined : entries.get(key);
      const isGood = known !== undefined && deps.clock.monotonic() - known.at < MAX_AGE;
      return isGood ? known.answer : ask(key, tenant, name);
    },
    forget: (tenant, name) => void entries.delete(keyOf(tenant, name)),
  };
}
