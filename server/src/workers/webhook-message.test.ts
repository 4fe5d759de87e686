import { parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../ports/outbox.ts';
import { messageId, signMessage, writeMessage } from './webhook-message.ts';

function present<T>(value: T | null): T {
  if (value === null) throw new Error('a test is wrong about a name');
  return value;
}

const event: StoredEvent = {
  tenant: present(parseTenant('acme')),
  documentId: 7,
  name: present(parseDocumentName('notes/today')),
  type: 'document.changed',
  at: Date.parse('2026-11-23T09:30:00.000Z'),
  user: null,
  facts: { epoch: 1, from: 3, to: 9 },
  number: 4,
};

describe('[HOOK10] messages', () => {
  it('say type, time and what belongs to it', () => {
    expect(messageId(event)).toBe('evt_7_4');
    expect(JSON.parse(writeMessage(event))).toEqual({
      type: 'document.changed',
      timestamp: '2026-11-23T09:30:00.000Z',
      data: { tenant: 'acme', document: 'notes/today', number: 4, user: null, epoch: 1, from: 3, to: 9 },
    });
  });

  it('are signed as the example of the specification', () => {
    // The example of https://github.com/standard-webhooks/standard-webhooks, as its libraries test it.
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: 1_614_265_330_000,
      body: '{"test": 2432232314}',
    };
    expect(signMessage(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('carry one signature for each secret, the newest first', () => {
    const message = { id: 'a', at: 0, body: '{}' };
    const [one, other] = ['whsec_AAAA', 'whsec_BBBB'].map((it) => signMessage(message, [it])['webhook-signature']);
    expect(signMessage(message, ['whsec_AAAA', 'whsec_BBBB'])['webhook-signature']).toBe(`${one} ${other}`);
    expect(one).not.toBe(other);
  });
});
