import { parseStatelessMessage, serverMessageSchema } from '@scriptorium/shared/stateless-messages';
import { describe, expect, it } from 'vitest';
import { parseServerMessage } from './server-message.ts';

const welcome = { type: 'scriptorium.welcome', epoch: 1, seq: 2, schemaVersion: 1, readOnly: false };
const durable = { type: 'scriptorium.durable', id: 1, epoch: 1, seq: 2, stateVector: 'AA==' };
const refused = { type: 'scriptorium.refused', code: 'forked', title: 'Forked.', readOnly: false, client: 7 };
const reconnect = { type: 'scriptorium.reconnect', code: 'shutting-down', from: 250, to: 1500 };
const { client: _client, ...refusedPlain } = refused;

/** A message without one of its fields, and with a wrong one. */
const broken = [welcome, durable, refusedPlain, reconnect].flatMap((message) =>
  Object.keys(message).flatMap((field) => [
    { ...message, [field]: undefined },
    { ...message, [field]: [] },
  ]),
);

describe('messages of the server', () => {
  it.for([
    welcome,
    durable,
    refused,
    refusedPlain,
    reconnect,
    ...broken,
    { ...refused, client: 'x' },
    null,
    'scriptorium.',
    [],
  ])('[SDK26] %o is read as the shared schema reads it', (message) => {
    const payload = JSON.stringify(message);
    expect(parseServerMessage(payload)).toEqual(parseStatelessMessage(serverMessageSchema, payload));
  });

  it('[SDK26] messages of the embedding application are not ours', () => {
    expect(parseServerMessage('{"type":"comment"}')).toBeNull();
    expect(parseServerMessage('"scriptorium.')).toBeNull();
    expect(parseServerMessage('{"type":"scriptorium.constructor"}')).toBeNull();
  });
});
