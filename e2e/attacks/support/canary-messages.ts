/** What the thread of the innocent client is told. */
export type CanaryCommand =
  /** Connects where it is not connected, and types until it is told to stop. */
  | { readonly kind: 'begin'; readonly pid: number }
  /** Stops typing, and waits so long for what is still on its way. */
  | { readonly kind: 'end'; readonly patienceMs: number };

/** What it answers. */
export type CanaryReport = { readonly kind: 'begun' } | ({ readonly kind: 'ended' } & CanaryRun);

/** What an innocent client met while it typed. Times in milliseconds. */
export interface CanaryRun {
  /** Of each keystroke: until the other innocent client saw it. */
  readonly trips: readonly number[];
  /** Of each keystroke: until it was acknowledged. */
  readonly acknowledgements: readonly number[];
  /** Keystrokes that were not seen, or not acknowledged, in time. */
  readonly unseen: number;
  readonly unacknowledged: number;
  /** Whether one of the connections was lost, or could not be made. */
  readonly lost: boolean;
  /** The most that the server's process held meanwhile, in MB of resident memory. */
  readonly peakMegabytes: number;
  /** Everything typed so far. */
  readonly text: string;
}
