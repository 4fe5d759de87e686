/** What is written down in the audit log. The first part says what it was done to. */
export const AUDIT_ACTIONS = [
  'document.open',
  'document.refuse',
  'document.export',
  'document.rename',
  'document.delete',
  'document.restore',
  'document.publish',
  'document.unpublish',
  'document.erase',
  'version.create',
  'version.rename',
  'version.delete',
  'grant.set',
  'grant.revoke',
  'link.create',
  'link.use',
  'user.revoke',
  'user.erase',
  'user.readmit',
  'key.create',
  'key.rotate',
  'key.revoke',
  'key.use',
  'webhook.create',
  'webhook.change',
  'webhook.pause',
  'webhook.resume',
  'webhook.rotate',
  'webhook.replay',
  'webhook.delete',
  'audit.begin',
  'audit.export',
  'audit.prune',
  'audit.lost',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What more is to be said of an entry: short, flat, never content and never a secret. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** One row of a chain. */
export interface AuditRow {
  /** Whose chain it is in: a tenant, or `AUDIT_REGISTER`. */
  readonly chain: string;
  /** 1, 2, 3 … within its chain. */
  readonly seq: number;
  /** Wall-clock milliseconds on the node that wrote it. */
  readonly at: number;
  /** The user; `key:…` for a machine's key, `link:…` for a guest, `system` for the server itself. */
  readonly actor: string;
  readonly action: AuditAction;
  /** The document's name at that time, or a pattern of names; `null` when it was about none. */
  readonly document: string | null;
  /** To whom or what it was done besides, such as `user:ada` or `key:0f…`; `null` for nothing else. */
  readonly subject: string | null;
  /** `AuditDetail` as JSON, exactly as it was hashed. */
  readonly detail: string;
  /** SHA-256, hex, of `auditLinkText`. */
  readonly hash: string;
}

/** The hash before the first row of every chain. */
export const AUDIT_CHAIN_START = '0'.repeat(64);

/** The chain that says which other chains there are. No tenant can be called so. */
export const AUDIT_REGISTER = '*';

/** Raised when the text below changes, so that no two texts of different kinds are ever equal. */
const FORMAT = 1;

/**
 * What a row's hash is made of: the hash of the row before, and all that the row says. JSON keeps the values apart
 * whatever is in them.
 */
export function auditLinkText(previous: string, row: Omit<AuditRow, 'hash'>): string {
  const { chain, seq, at, actor, action, document, subject, detail } = row;
  return JSON.stringify([FORMAT, previous, chain, seq, at, actor, action, document, subject, detail]);
}
