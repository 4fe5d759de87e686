/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/** Time and chance, so that tests and the simulation own both. */
export interface Clock {
  /** Wall-clock milliseconds since 1970. Never used to order data. */
  now(): number;
  /** Milliseconds of a clock that only goes forward. */
  monotonic(): number;
  /** Calls back once after the delay; never keeps the process alive. */
  after(milliseconds: number, callback: () => void): Timer;
  /** Calls back in the turn after this one's I/O. */
  soon(callback: () => void): Timer;
  /** A number in [0, 1), for jitter. */
  random(): number;
}
