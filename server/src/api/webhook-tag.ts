import { hash } from 'node:crypto';
import type { Webhook } from '../ports/webhook-store.ts';

const TAG_CHARACTERS = 22;

/** The entity tag of a webhook: of what may be changed about it, not of how its deliveries go. */
export function webhookTag({ url, label, events, documents, paused }: Webhook): string {
  const settings = JSON.stringify([url, label, events, documents, paused]);
  return `"${hash('sha256', settings, 'base64url').slice(0, TAG_CHARACTERS)}"`;
}
