/**
 * Steps that judging an update may still take; goes down as they are taken. It is kept with the parsed update, so that
 * an update that goes in by parts has one account.
 */
export interface Effort {
  left: number;
}

/** Steps that moving the tail of an array counts as, at about 80 ns a step (measured). */
export function moveCost(length: number): number {
  return 1 + Math.ceil(length / 512);
}
