import { AUDIT_REGISTER, type AuditRow } from '@scriptorium/shared/audit-chain';
import { parseTenant, type Tenant } from '@scriptorium/shared/document-name';
import type { AuditLog } from '../ports/audit-log.ts';
import type { ErasedPeople, PastName } from '../ports/erased-people.ts';

/** The audit log as people are shown it: whoever was erased stands in it under the pseudonym. */
export type ToldAudit = Pick<AuditLog, 'list' | 'readRows'>;

export interface ToldAuditDeps {
  readonly audit: Pick<AuditLog, 'list' | 'readRows'>;
  readonly people: Pick<ErasedPeople, 'readNames'>;
}

const USER = 'user:';

type Names = ReadonlyMap<string, readonly PastName[]>;

/**
 * Puts pseudonyms in the place of ids as rows are read. The rows stay what they are, since each hash is made of them, so
 * the hash of a row that is shown so fits the row that is stored.
 */
export function createToldAudit({ audit, people }: ToldAuditDeps): ToldAudit {
  const hide = async (tenant: Tenant | null, rows: readonly AuditRow[]): Promise<readonly AuditRow[]> => {
    if (tenant === null || rows.length === 0) return rows;
    const names = await people.readNames(tenant, [...new Set(rows.flatMap(idsOf))]);
    return names.size === 0 ? rows : rows.map((row) => hideIn(row, names));
  };
  return {
    list: async (query) => {
      const page = await audit.list(query);
      const rows = await hide(query.tenant, page.rows);
      // Asked for by the id, rows would tell whose the pseudonym is.
      const shown = query.actor === null ? rows : rows.filter(({ actor }) => actor === query.actor);
      return { ...page, rows: shown };
    },
    readRows: async (chain, afterSeq, limit) =>
      hide(chain === AUDIT_REGISTER ? null : parseTenant(chain), await audit.readRows(chain, afterSeq, limit)),
  };
}

/** Everything in a row that may be somebody's id. */
function idsOf({ actor, subject, detail }: AuditRow): readonly string[] {
  const own = subject?.startsWith(USER) === true ? [subject.slice(USER.length)] : [];
  return [actor, ...own, ...Object.values(readDetail(detail)).filter((value) => typeof value === 'string')];
}

function hideIn(row: AuditRow, names: Names): AuditRow {
  const hide = (id: string): string => names.get(id)?.find(({ until }) => row.at < until)?.pseudonym ?? id;
  const { subject } = row;
  const detail = Object.entries(readDetail(row.detail)).map(([key, value]) => [
    key,
    typeof value === 'string' ? hide(value) : value,
  ]);
  return {
    ...row,
    actor: hide(row.actor),
    subject: subject?.startsWith(USER) === true ? `${USER}${hide(subject.slice(USER.length))}` : subject,
    detail: JSON.stringify(Object.fromEntries(detail)),
  };
}

/** It was flat JSON when it was hashed. */
function readDetail(detail: string): Readonly<Record<string, unknown>> {
  return JSON.parse(detail) as Readonly<Record<string, unknown>>;
}
