import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSessionFixture } from '../../test/support/session-fixture.ts';

const LIMIT = 100_000;

function build() {
  const fixture = createSessionFixture({ documentBytes: LIMIT });
  const client = fixture.join('ada');
  client.enter();
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const send = (): void => {
    for (const update of updates.splice(0)) client.update(update);
  };
  const told = () =>
    client.sent.flatMap((it) => (it.kind === 'stateless' ? [JSON.parse(it.payload) as Record<string, unknown>] : []));
  return { ...fixture, client, text: doc.getText('t'), send, told };
}

describe('the largest size of a document', () => {
  it('[ROOM108] those who write are told, once, when it is near', async () => {
    const { text, send, told, client } = build();
    text.insert(0, 'x'.repeat(70_000));
    send();
    expect(told()).toEqual([]);
    for (const length of [15_000, 1_000]) {
      text.insert(0, 'y'.repeat(length));
      send();
    }
    expect(told()).toMatchObject([{ type: 'scriptorium.notice', code: 'document-large', limit: LIMIT }]);
    expect(client.session.scope).toBe('all');
  });

  it('[ROOM109] at the end insertions are refused with a code, and deletions are taken', async () => {
    const { text, send, told, client, flush } = build();
    text.insert(0, 'x'.repeat(95_000));
    text.delete(0, 10);
    send();
    text.insert(0, 'y'.repeat(10_000));
    send();
    await flush();
    expect(client.statuses()).toEqual([true, true, false]);
    expect(told().at(-1)).toMatchObject({ type: 'scriptorium.refused', code: 'document-full', readOnly: true });
    expect(client.ended).toEqual([]);
    // Somebody who did not try to add anything may still make it smaller.
    const { client: other, text: theirs, send: sendTheirs } = { ...build() };
    theirs.insert(0, 'x'.repeat(99_000));
    sendTheirs();
    theirs.delete(0, 99_000);
    sendTheirs();
    expect(other.session.scope).toBe('all');
  });

  it('[AUTH93] a tenant that has all its bytes adds nothing, deletes, and is told', async () => {
    const { text, send, told, client, flush, tenant } = build();
    text.insert(0, 'kept text');
    send();
    tenant.full = true;
    text.delete(0, 5);
    send();
    text.insert(0, 'more');
    send();
    await flush();
    expect(client.statuses()).toEqual([true, true, false]);
    expect(told().at(-1)).toMatchObject({ code: 'quota-exceeded', readOnly: true });
  });
});
