import type { RateLimitedLog } from '../observability/rate-limited-log.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** What waits in the outputs of a node's sockets, all together; over its budget those with the most are ended. */
export interface OutputPool {
  /** Bytes that wait. A broadcast that many sockets wait for is one buffer, and counts once. */
  readonly bytes: number;
  join(socket: PooledOutput): OutputShare;
}

/** One socket, as the pool sees it. */
export interface PooledOutput {
  /** Lets go of what was taken meanwhile without a word about it. */
  settle(): void;
  /** Ends the socket, and lets go of all that waits. */
  end(): void;
}

/** One socket's part of what waits. What it held has to be released, each frame as often as it was held. */
export interface OutputShare {
  /** Bytes that wait here, whether others wait for the same or not. */
  readonly bytes: number;
  hold(frame: Uint8Array): void;
  release(frame: Uint8Array): void;
  /** To be called when more waits than before. */
  judge(): void;
}

export interface OutputPoolDeps {
  /** Bytes that may wait for all sockets together. */
  readonly nodeOutputBytes: number;
  readonly telemetry: Telemetry;
  readonly warnings: RateLimitedLog;
}

/** What a frame that waits costs besides its bytes. */
const FRAME_OVERHEAD = 256;

export function createOutputPool(deps: OutputPoolDeps): OutputPool {
  return new NodeOutputs(deps);
}

class NodeOutputs implements OutputPool {
  readonly #deps: OutputPoolDeps;
  /** For each frame that waits, how many wait for it. */
  readonly #waiting = new Map<Uint8Array, number>();
  /** Who waits for anything: nobody, where all read what they are sent. */
  readonly #behind = new Set<Share>();
  bytes = 0;

  constructor(deps: OutputPoolDeps) {
    this.#deps = deps;
  }

  join(socket: PooledOutput): OutputShare {
    return new Share(this, socket);
  }

  hold(share: Share, frame: Uint8Array): void {
    const others = this.#waiting.get(frame) ?? 0;
    this.#waiting.set(frame, others + 1);
    if (others === 0) this.bytes += costOf(frame);
    this.#behind.add(share);
  }

  release(share: Share, frame: Uint8Array): void {
    const others = (this.#waiting.get(frame) ?? 1) - 1;
    if (others > 0) this.#waiting.set(frame, others);
    else if (this.#waiting.delete(frame)) this.bytes -= costOf(frame);
    if (share.bytes === 0) this.#behind.delete(share);
  }

  /** One comparison, as long as there is room. Beyond it, what was taken in silence is let go before anybody is ended. */
  judge(): void {
    const { nodeOutputBytes, telemetry, warnings } = this.#deps;
    if (this.bytes <= nodeOutputBytes) return;
    for (const share of this.#behind) share.socket.settle();
    const { bytes } = this;
    let ended = 0;
    for (const share of [...this.#behind].toSorted((a, b) => b.bytes - a.bytes)) {
      if (this.bytes <= nodeOutputBytes) break;
      ended += 1;
      try {
        share.socket.end();
      } catch (error) {
        // One socket's trouble must not end the turn of the others.
        telemetry.log.error('slow_reader_end_failed', {}, error);
      }
    }
    if (ended === 0) return;
    telemetry.metrics.count('outputs_shed_total', ended);
    warnings.warn('output budget', 'output_budget_exceeded', { bytes, budget: nodeOutputBytes, ended });
  }
}

class Share implements OutputShare {
  readonly #pool: NodeOutputs;
  readonly socket: PooledOutput;
  bytes = 0;

  constructor(pool: NodeOutputs, socket: PooledOutput) {
    this.#pool = pool;
    this.socket = socket;
  }

  hold(frame: Uint8Array): void {
    this.bytes += costOf(frame);
    this.#pool.hold(this, frame);
  }

  release(frame: Uint8Array): void {
    this.bytes -= costOf(frame);
    this.#pool.release(this, frame);
  }

  judge(): void {
    this.#pool.judge();
  }
}

function costOf(frame: Uint8Array): number {
  return frame.byteLength + FRAME_OVERHEAD;
}
