import { z } from 'zod';
import { AUDIT_ACTIONS } from './audit-chain.ts';

const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;

/** Query of `GET /v1/audit`. */
export const auditQuerySchema = z.strictObject({
  document: z.string().min(1).max(128).optional().meta({ description: 'Only what was done to this name or pattern.' }),
  actor: z.string().min(1).max(256).optional().meta({ description: 'Only what this user, key or guest did.' }),
  cursor: z.string().min(1).max(2048).optional().meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

/** One entry of the audit log. */
export const auditEntrySchema = z
  .object({
    seq: z.number().int().meta({ description: 'Number of the row in the chain of the tenant, from 1 without gaps.' }),
    at: z.iso.datetime(),
    actor: z.string().meta({ description: 'A `sub`; `key:…`, `link:…`, or `system`.' }),
    action: z.enum(AUDIT_ACTIONS),
    document: z.string().nullable(),
    subject: z.string().nullable().meta({ description: 'To whom or what it was done: `user:…`, `key:…`, `link:…`.' }),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string().meta({ description: 'SHA-256 over the row and the hash of the one before.' }),
  })
  .meta({
    id: 'AuditEntry',
    examples: [
      {
        seq: 7,
        at: '2026-11-23T09:30:00.000Z',
        actor: 'grace',
        action: 'grant.set',
        document: 'notes/*',
        subject: 'user:ada',
        detail: { role: 'editor', expiresAt: null },
        hash: '5f1d4a0b7c3e2d1f5f1d4a0b7c3e2d1f5f1d4a0b7c3e2d1f5f1d4a0b7c3e2d1f',
      },
    ],
  });

export type AuditEntryView = z.infer<typeof auditEntrySchema>;

/** A page of the audit log, newest first. */
export const auditListSchema = z
  .object({ entries: z.array(auditEntrySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditList' });

export type AuditListView = z.infer<typeof auditListSchema>;
