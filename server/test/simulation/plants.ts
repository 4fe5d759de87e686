/** Bugs that a run can be given on purpose, in the wiring alone, to see that the checker finds them. */
export const PLANTS = [
  'ack-before-commit',
  'relay-before-commit',
  'no-gap-read',
  'no-head-watch',
  'live-snapshot',
  'append-not-idempotent',
  'no-epoch-fence',
] as const;

export type Plant = (typeof PLANTS)[number];
