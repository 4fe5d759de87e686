const UNITS = [
  ['year', 365 * 24 * 3_600],
  ['month', 30 * 24 * 3_600],
  ['week', 7 * 24 * 3_600],
  ['day', 24 * 3_600],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long ago something was, in words: "just now", "5 minutes ago", "yesterday". Both in milliseconds since 1970. */
export function describeAge(time: number, now: number, locale?: string): string {
  const seconds = Math.max(0, (now - time) / 1_000);
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return words.format(-Math.floor(seconds / length), unit);
  }
  return 'just now';
}
