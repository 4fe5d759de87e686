import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { createOutput, createOutputFlusher } from './output.ts';

const MEBIBYTE = 1024 * 1024;

/** The peer's side of a connection, which takes what the test says. */
class SlowNetwork {
  destroyed = false;
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
    const taken = this.#waiting;
    this.#waiting = [];
    this._handle.writeQueueSize = 0;
    for (const write of taken) write.taken?.();
    this.#onDrain();
  }
}

function fixture() {
  const network = new SlowNetwork();
  const backlogs: number[] = [];
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
    onBacklog: (buffered) => void backlogs.push(buffered),
  });
  const turn = (): Promise<void> => Promise.resolve();
  return { network, output, backlogs, turn };
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
