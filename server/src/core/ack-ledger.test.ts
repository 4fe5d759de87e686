import { describe, expect, it } from 'vitest';
import { createAckLedger } from './ack-ledger.ts';

const at = (after: number | null, saved = true) => ({ after, saved, arrivedAt: 0 });

describe('ack ledger', () => {
  it('[ACK1] an answer waits until what it stands for is durable', () => {
    const ledger = createAckLedger();
    ledger.push(at(3));
    expect(ledger.release(2)).toEqual([]);
    expect(ledger.release(3)).toHaveLength(1);
    expect(ledger.waiting).toBe(false);
  });

  it('[ACK2] answers keep the order of arrival, refusals included', () => {
    const ledger = createAckLedger();
    ledger.push(at(5));
    ledger.push(at(0, false));
    expect(ledger.release(4)).toEqual([]);
    expect(ledger.release(5).map((entry) => entry.saved)).toEqual([true, false]);
  });

  it('[ACK3] a frame held back for a gap holds back what came behind it', () => {
    const ledger = createAckLedger();
    const held = ledger.push(at(null));
    ledger.push(at(1));
    expect(ledger.release(9)).toEqual([]);
    held.after = 2;
    expect(ledger.release(9)).toHaveLength(2);
  });

  it('[ACK4] a closed gate lets nothing out, however durable', () => {
    const ledger = createAckLedger();
    ledger.closeGate();
    ledger.push(at(0));
    expect(ledger.release(10)).toEqual([]);
    ledger.openGate(12);
    expect(ledger.release(10)).toEqual([]);
    expect(ledger.release(12)).toHaveLength(1);
  });
});
