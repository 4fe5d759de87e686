import type { AuditDetail } from '@scriptorium/shared/audit-chain';
import type { Act, AuditEntry } from '../../ports/audit-log.ts';
import type { Webhook } from '../../ports/webhook-store.ts';

/** What the audit log says of a webhook: where it leads and what it hears of. An address may hold a secret, its host does not. */
export function describeWebhook({ url, events, documents }: Webhook): AuditDetail {
  return { host: hostOf(url), events, documents };
}

/** The rows of the audit log for a change: one for what it was set to, one for a pause or its end; none for what stayed. */
export function describeWebhookChange(before: Webhook, after: Webhook, act: Act): readonly AuditEntry[] {
  const subject = `webhook:${after.id}`;
  const changed = SETTINGS.filter((setting) => JSON.stringify(before[setting]) !== JSON.stringify(after[setting]));
  const entries: AuditEntry[] = [];
  if (changed.length > 0) {
    const detail = { changed, ...describeWebhook(after) };
    entries.push({ ...act, action: 'webhook.change', subject, detail });
  }
  if (before.paused === null && after.paused !== null) entries.push({ ...act, action: 'webhook.pause', subject });
  if (before.paused !== null && after.paused === null) entries.push({ ...act, action: 'webhook.resume', subject });
  return entries;
}

const SETTINGS = ['url', 'label', 'events', 'documents'] as const;

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}
