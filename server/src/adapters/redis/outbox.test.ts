import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../../test/support/silent-telemetry.ts';
import type { Publication } from './link.ts';
import { Outbox } from './outbox.ts';
import { createChannelNames, PARTITIONS } from './partitions.ts';
import { decodeFrame } from './relay-format.ts';

function createOutbox() {
  const clock = createFakeClock();
  const telemetry = createSilentTelemetry();
  const writes: (readonly Publication[])[] = [];
  const link = { up: true, publish: (publications: readonly Publication[]) => void writes.push(publications) };
  const channels = createChannelNames('t');
  const outbox = new Outbox({ node: 'me', clock, telemetry, channels, inlineBytes: 10, linkOf: () => link });
  const row = (documentId: number, seq: number, size = 3) =>
    outbox.pushRow({ node: 'me', documentId, epoch: 1, seq, payload: new Uint8Array(size) });
  /** What one write said: channel, number and size of the payload. */
  const said = (write: readonly Publication[] | undefined) =>
    (write ?? []).map(({ channel, bytes }) => {
      const frame = decodeFrame(bytes);
      return frame?.kind === 'row' ? [channel, frame.seq, frame.payload?.byteLength ?? 'hint'] : [channel, frame?.kind];
    });
  return { clock, link, outbox, row, said, writes, counters: telemetry.counters, channels };
}

const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

describe('[ROOM41] what a node has to tell', () => {
  it('goes out in one write per turn and server, in order', () => {
    const { clock, outbox, row, said, writes, channels } = createOutbox();
    row(1, 1);
    outbox.pushPresence(1, 'me', new Uint8Array());
    row(2, 7);
    row(1, 2, 11);
    expect(writes).toEqual([]);
    clock.runSoon();
    expect(writes).toHaveLength(1);
    expect(said(writes[0])).toEqual([
      [channels.rows(1), 1, 3],
      [channels.presence(1), 'presence'],
      [channels.rows(2), 7, 3],
      [channels.rows(1), 2, 'hint'],
    ]);
    clock.runSoon();
    expect(writes).toHaveLength(1);
  });

  it('is dropped while the server is away, but for the newest number of each document', () => {
    const { clock, link, outbox, row, said, writes, counters, channels } = createOutbox();
    link.up = false;
    for (let seq = 1; seq <= 50; seq += 1) row(1 + (seq % 2), seq);
    outbox.pushPresence(1, 'me', new Uint8Array());
    clock.runSoon();
    expect(writes).toEqual([]);
    expect([counters.get('relay_dropped_total'), counters.get('presence_dropped_total')]).toEqual([50, 1]);
    link.up = true;
    outbox.makeGood(ALL);
    clock.runSoon();
    expect(said(writes[0])).toEqual([
      [channels.rows(2), 49, 'hint'],
      [channels.rows(1), 50, 'hint'],
    ]);
    outbox.makeGood(ALL);
    clock.runSoon();
    expect(writes).toHaveLength(1);
  });

  it('counts as dropped when the server did not answer, and a hint that is lost as well is told again', () => {
    const { clock, outbox, row, said, writes, counters, channels } = createOutbox();
    row(1, 5);
    clock.runSoon();
    writes[0]?.[0]?.onLost();
    for (const attempt of [1, 2]) {
      outbox.makeGood(ALL);
      clock.runSoon();
      expect(said(writes[attempt])).toEqual([[channels.rows(1), 5, 'hint']]);
      writes[attempt]?.[0]?.onLost();
    }
    expect(counters.get('relay_dropped_total')).toBe(1);
  });

  it('is made good for the servers that are back only', () => {
    const { clock, link, outbox, row, said, writes, channels } = createOutbox();
    link.up = false;
    row(1, 1);
    row(2, 1);
    link.up = true;
    outbox.makeGood([2]);
    clock.runSoon();
    expect(said(writes[0])).toEqual([[channels.rows(2), 1, 'hint']]);
  });
});
