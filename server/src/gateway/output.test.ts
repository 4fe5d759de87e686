import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createOutputPool, type OutputPool } from './output-pool.ts';
import { createOutput, createOutputFlusher } from './output.ts';

const MEBIBYTE = 1024 * 1024;

/** The peer's side of a connection, which takes what the test says. */
class SlowNetwork {
  writable = true;
  readonly written: Uint8Array[] = [];
  readonly _handle = { writeQueueSize: 0 };
  #waiting: { readonly bytes: number; readonly taken: (() => void) | undefined }[] = [];
  #onDrain = (): void => undefined;

  get writableLength(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get writableNeedDrain(): boolean {
    return this.writableLength > 0;
  }

  on(_event: 'drain', listener: () => void): void {
    this.#onDrain = listener;
  }

  write(frame: Uint8Array, taken?: () => void): void {
    this.written.push(frame);
    this.#waiting.push({ bytes: frame.byteLength, taken });
    this._handle.writeQueueSize = this.writableLength;
  }

  cork(): void {}
  uncork(): void {}

  /** Takes a part of what is being written. */
  takePart(bytes: number): void {
    this._handle.writeQueueSize -= bytes;
  }

  /** Takes all of it. */
  take(): void {
    this.takeSilently();
    this.#onDrain();
  }

  /** Takes all of it, and tells nobody: what was little was not waited for. */
  takeSilently(): void {
    const taken = this.#waiting;
    this.#waiting = [];
    this._handle.writeQueueSize = 0;
    for (const write of taken) write.taken?.();
  }
}

function createPool(nodeOutputBytes: number) {
  const lines: string[] = [];
  const warnings = { warn: (_key: string, event: string) => void lines.push(event) };
  return { lines, pool: createOutputPool({ nodeOutputBytes, telemetry: createSilentTelemetry(), warnings }) };
}

function fixture(pool: OutputPool = createPool(Infinity).pool) {
  const network = new SlowNetwork();
  const backlogs: number[] = [];
  const shed: number[] = [];
  const webSocket = {
    get bufferedAmount() {
      return network.writableLength;
    },
  };
  const output = createOutput({
    // What it uses of either.
    webSocket: webSocket as WebSocket,
    raw: network as unknown as Socket,
    flusher: createOutputFlusher(),
    pool,
    onShed: () => {
      shed.push(output.buffered);
      output.drop();
    },
    onBacklog: (buffered) => void backlogs.push(buffered),
  });
  const turn = (): Promise<void> => Promise.resolve();
  return { network, output, backlogs, shed, turn };
}

describe('output', () => {
  it('[SOCK21] what a peer does not take waits, counted, and goes on in order as it takes', async () => {
    const { network, output, backlogs, turn } = fixture();
    const frames = Array.from({ length: 5 }, (_, index) => new Uint8Array(200 * 1024).fill(index));
    for (const frame of frames) output.send(frame);
    await turn();
    expect(network.written).toHaveLength(2);
    expect(output.buffered).toBe(1000 * 1024);
    expect(backlogs).toEqual([1000 * 1024]);
    network.take();
    expect(network.written).toHaveLength(4);
    output.send(new Uint8Array([9]));
    await turn();
    network.take();
    network.take();
    expect(network.written.map((frame) => frame[0])).toEqual([0, 1, 2, 3, 4, 9]);
    expect(output.buffered).toBe(0);
  });

  it('[SOCK21] before a close frame all of it is written', async () => {
    const { network, output, turn } = fixture();
    for (let index = 0; index < 10; index += 1) output.send(new Uint8Array(MEBIBYTE));
    await turn();
    expect(network.written.length).toBeLessThan(10);
    output.finish();
    expect(network.written).toHaveLength(10);
  });

  it('[SOCK21] who waits for a frame is told when the peer has taken it', async () => {
    const { network, output, turn } = fixture();
    let told = 0;
    output.send(new Uint8Array(10));
    output.send(new Uint8Array(10), () => (told += 1));
    await turn();
    expect(told).toBe(0);
    network.take();
    expect(told).toBe(1);
  });

  it('[SOCK22] a peer that takes nothing makes no progress; one that takes a large message bit by bit does', async () => {
    const { network, output, turn } = fixture();
    output.send(new Uint8Array(30 * MEBIBYTE));
    await turn();
    const inFlight = 30 * MEBIBYTE;
    expect(output.stalledFor(0, inFlight)).toBe(0);
    for (let second = 5; second <= 60; second += 5) {
      network.takePart(100_000);
      expect(output.stalledFor(second * 1_000, inFlight)).toBe(0);
    }
    expect(output.stalledFor(65_000, inFlight)).toBe(5_000);
    expect(output.stalledFor(90_000, inFlight)).toBe(30_000);
    network.takePart(1);
    expect(output.stalledFor(95_000, inFlight)).toBe(0);
  });

  it('[SOCK22] a peer that falls further and further behind makes none, however much it takes', async () => {
    const { network, output, turn } = fixture();
    for (let index = 0; index < 9 * 8; index += 1) output.send(new Uint8Array(MEBIBYTE / 8));
    await turn();
    expect(output.stalledFor(0, 0)).toBe(0);
    for (let second = 5; second <= 30; second += 5) {
      network.take();
      for (let index = 0; index < 3; index += 1) output.send(new Uint8Array(MEBIBYTE / 8));
      await turn();
      expect(output.stalledFor(second * 1_000, 0)).toBe(second * 1_000);
    }
    // It catches up.
    for (let index = 0; index < 30; index += 1) network.take();
    expect(output.stalledFor(35_000, 0)).toBe(0);
  });

  it('[SOCK22] nothing waits, nothing is late', async () => {
    const { network, output, turn } = fixture();
    output.send(new Uint8Array(10));
    await turn();
    network.take();
    for (const now of [0, 60_000, 600_000]) expect(output.stalledFor(now, 0)).toBe(0);
  });
});

describe('what waits on a node', () => {
  it('[SOCK260] what many wait for counts once, until the last of them has taken it', async () => {
    const { pool } = createPool(Infinity);
    const readers = [fixture(pool), fixture(pool), fixture(pool)];
    const frames = [new Uint8Array(MEBIBYTE), new Uint8Array(MEBIBYTE)];
    for (const { output } of readers) for (const frame of frames) output.send(frame);
    await Promise.resolve();
    expect(pool.bytes).toBeGreaterThanOrEqual(2 * MEBIBYTE);
    expect(pool.bytes).toBeLessThan(2.01 * MEBIBYTE);
    for (const { network } of readers.slice(1)) for (const _ of frames) network.take();
    expect(pool.bytes).toBeGreaterThanOrEqual(2 * MEBIBYTE);
    readers[0]?.network.take();
    expect(pool.bytes).toBeLessThan(1.01 * MEBIBYTE);
    readers[0]?.network.take();
    expect(pool.bytes).toBe(0);
  });

  it('[SOCK262] a large update counts once, by whatever addresses its readers came', async () => {
    const { pool } = createPool(Infinity);
    const body = new Uint8Array(MEBIBYTE);
    const readers = Array.from({ length: 20 }, () => fixture(pool));
    for (const [index, { output }] of readers.entries()) output.sendInParts(new Uint8Array([index]), body);
    await Promise.resolve();
    expect(pool.bytes).toBeLessThan(1.01 * MEBIBYTE);
    for (const [index, { network }] of readers.entries()) {
      expect(network.written).toEqual([new Uint8Array([index]), body]);
      network.take();
    }
    expect(pool.bytes).toBe(0);
  });

  it('[SOCK262] of a message in two parts both are written, or neither', async () => {
    const { network, output, turn } = fixture();
    const [first, second] = [new Uint8Array(300 * 1024 - 1), new Uint8Array(100)];
    for (let round = 0; round < 3; round += 1) {
      output.sendInParts(new Uint8Array([round]), first);
      output.sendInParts(new Uint8Array([round]), second);
    }
    await turn();
    for (let taking = 0; taking < 5; taking += 1) {
      expect(network.written.length % 2).toBe(0);
      network.take();
    }
    output.sendInParts(new Uint8Array([3]), first);
    output.sendInParts(new Uint8Array([3]), second);
    output.sendInParts(new Uint8Array([3]), second);
    await turn();
    const before = network.written.length;
    expect(before % 2).toBe(0);
    output.drop();
    output.send(new Uint8Array([9]));
    output.finish();
    expect(network.written.length).toBe(before + 1);
  });

  it('[SOCK260] beyond the budget the one with the most is ended, and the others go on', async () => {
    const { pool, lines } = createPool(4 * MEBIBYTE);
    const [most, some] = [fixture(pool), fixture(pool)];
    for (let frame = 0; frame < 3; frame += 1) most.output.send(new Uint8Array(MEBIBYTE));
    some.output.send(new Uint8Array(MEBIBYTE / 2));
    await Promise.resolve();
    expect([most.shed, some.shed]).toEqual([[], []]);
    some.output.send(new Uint8Array(MEBIBYTE));
    await Promise.resolve();
    expect(most.shed).toEqual([3 * MEBIBYTE]);
    expect(some.shed).toEqual([]);
    expect(lines).toEqual(['output_budget_exceeded']);
    expect(pool.bytes).toBeLessThan(2 * MEBIBYTE);
  });

  it('[SOCK260] as many are ended as it takes, and what they waited for is let go', async () => {
    const { pool } = createPool(MEBIBYTE);
    const readers = [fixture(pool), fixture(pool), fixture(pool)];
    const frame = new Uint8Array(2 * MEBIBYTE);
    for (const { output } of readers) output.send(frame);
    await Promise.resolve();
    expect(readers.map(({ shed }) => shed.length)).toEqual([1, 1, 1]);
    expect(pool.bytes).toBe(0);
  });

  it('[SOCK260] who took what it was sent is never ended for it, however much that was', async () => {
    const { pool } = createPool(MEBIBYTE);
    const reader = fixture(pool);
    for (let round = 0; round < 20; round += 1) {
      reader.output.send(new Uint8Array(MEBIBYTE / 2));
      await Promise.resolve();
      reader.network.takeSilently();
    }
    expect(reader.shed).toEqual([]);
    reader.network.take();
    expect(pool.bytes).toBe(0);
  });

  it('[SOCK261] an answer that was asked for counts for nobody', async () => {
    const { pool } = createPool(MEBIBYTE);
    const reader = fixture(pool);
    for (let part = 0; part < 3; part += 1) reader.output.send(new Uint8Array(MEBIBYTE), undefined, true);
    await Promise.resolve();
    expect(pool.bytes).toBe(0);
    expect(reader.shed).toEqual([]);
    for (let part = 0; part < 3; part += 1) reader.network.take();
    expect(reader.network.written).toHaveLength(3);
    reader.output.send(new Uint8Array(2 * MEBIBYTE));
    await Promise.resolve();
    expect(reader.shed).toHaveLength(1);
  });
});
