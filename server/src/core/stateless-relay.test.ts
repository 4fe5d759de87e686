import { describe, expect, it } from 'vitest';
import { encodePresenceRelay } from './presence-relay.ts';
import { decodeStatelessRelay, encodeStatelessRelay } from './stateless-relay.ts';

describe('[HOOK20] messages to clients between nodes', () => {
  it('arrive as they were sent', () => {
    for (const payload of ['', '{"a":"é👩‍👩‍👧"}'])
      expect(decodeStatelessRelay(encodeStatelessRelay(payload))).toBe(payload);
  });

  it('are told from presence and from what is broken', () => {
    expect(decodeStatelessRelay(encodePresenceRelay({ kind: 'hello', stamp: 1, claims: [] }))).toBeNull();
    expect(decodeStatelessRelay(Uint8Array.of())).toBeNull();
    expect(decodeStatelessRelay(Uint8Array.of(1, 0x80, 0xff))).toBeNull();
  });
});
