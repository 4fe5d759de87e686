/** Parts of a window. More of them follow time more closely, and cost more to sum up. */
export const WINDOW_SLOTS = 20;

/** Points that were taken lately, by the part of time in which they were; oldest first, without empty ones. */
export interface SlidingWindow {
  readonly slots: readonly { readonly index: number; readonly points: number }[];
}

/** Whether points that are refused count: they do where they were spent before anybody asked. */
export type WindowCounting = 'all' | 'fitting';

export interface WindowLimits {
  readonly points: number;
  /** Milliseconds. */
  readonly length: number;
  readonly counts: WindowCounting;
}

export interface WindowTaken {
  readonly allowed: boolean;
  readonly remaining: number;
  readonly resetAfter: number;
}

/** Nothing was taken. */
export const EMPTY_WINDOW: SlidingWindow = { slots: [] };

/**
 * Takes points. A slot counts in full until all of it lies a whole window back, so that in no stretch of time as long as
 * the window more than its points are allowed; what was taken comes back a twentieth of the window late at most.
 *
 * The common estimate from two windows (the last one by the share of it that still counts) is no such bound: it takes
 * points as spread evenly, and lets a burst at the end of one window be followed by nearly as much within the next.
 */
export function takeFromWindow(
  window: SlidingWindow,
  limits: WindowLimits,
  { now, points }: { readonly now: number; readonly points: number },
): { readonly window: SlidingWindow; readonly taken: WindowTaken } {
  const current = Math.floor(now / slotOf(limits));
  const live = window.slots.filter(({ index }) => index >= current - WINDOW_SLOTS);
  const wanted = sumOf(live) + points;
  const allowed = wanted <= limits.points;
  const slots = allowed || limits.counts === 'all' ? addPoints(live, current, points) : live;
  const remaining = allowed ? limits.points - wanted : 0;
  const resetAfter = freedAfter(slots, limits, { now, points: allowed ? 1 : wanted - limits.points });
  return { window: { slots }, taken: { allowed, remaining, resetAfter } };
}

/** When nothing of a window counts any more: milliseconds of the clock that it was filled by. */
export function emptyAt({ slots }: SlidingWindow, limits: WindowLimits): number {
  const last = slots.at(-1);
  return last === undefined ? -Infinity : endOf(last.index, limits);
}

function addPoints(slots: SlidingWindow['slots'], index: number, points: number): SlidingWindow['slots'] {
  const last = slots.at(-1);
  if (last?.index !== index) return [...slots, { index, points }];
  return [...slots.slice(0, -1), { index, points: last.points + points }];
}

/** Milliseconds until so many points are there again; until all are, where there are not so many. */
function freedAfter(
  slots: SlidingWindow['slots'],
  limits: WindowLimits,
  { now, points }: { readonly now: number; readonly points: number },
): number {
  let freed = 0;
  for (const slot of slots) {
    freed += slot.points;
    if (freed >= points) return endOf(slot.index, limits) - now;
  }
  return Math.max(0, emptyAt({ slots }, limits) - now);
}

function endOf(index: number, limits: WindowLimits): number {
  return (index + WINDOW_SLOTS + 1) * slotOf(limits);
}

function slotOf({ length }: WindowLimits): number {
  return length / WINDOW_SLOTS;
}

function sumOf(slots: SlidingWindow['slots']): number {
  return slots.reduce((sum, { points }) => sum + points, 0);
}
