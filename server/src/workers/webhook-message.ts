import { createHmac } from 'node:crypto';
import type { StoredEvent } from '../ports/outbox.ts';

/** Stands before the base64 of a secret, as https://github.com/standard-webhooks/standard-webhooks asks. */
export const SECRET_PREFIX = 'whsec_';

/** The event's identity, the same for every webhook and every attempt: receivers tell repetitions by it. */
export function messageId({ documentId, number }: Pick<StoredEvent, 'documentId' | 'number'>): string {
  return `evt_${documentId}_${number}`;
}

/** The event as JSON, the same bytes each time. */
export function writeMessage(event: StoredEvent): string {
  return JSON.stringify(toEventView(event));
}

/** The event as it is sent, to webhooks and to those who listen. */
export function toEventView(event: StoredEvent) {
  const { type, at, tenant, name, number, user, facts } = event;
  return {
    type,
    timestamp: new Date(at).toISOString(),
    data: { tenant, document: name, number, user, ...facts },
  };
}

/**
 * The headers of Standard Webhooks: HMAC-SHA256 over identity, time and body, one signature for each secret that is good
 * at present. `at` is in wall-clock milliseconds; receivers refuse what is too old.
 */
export function signMessage(
  message: { readonly id: string; readonly at: number; readonly body: string },
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(message.at / 1_000));
  const signed = `${message.id}.${timestamp}.${message.body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(signed, 'utf8').digest('base64')}`;
  });
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
