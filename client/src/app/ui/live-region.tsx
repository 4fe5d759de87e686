import { signal } from '@preact/signals';

interface Announcement {
  readonly text: string;
  /** Makes equal texts different. */
  readonly number: number;
}

/** Texts that stand there at a time; a reader has time for a text while others come behind it. */
const KEPT = 3;

/** What is to be read out, politely, in order. */
const announcements = signal<readonly Announcement[]>([]);

/** Has a text read out by screen readers when they find time for it. */
export function announce(text: string): void {
  const number = (announcements.value.at(-1)?.number ?? 0) + 1;
  announcements.value = [...announcements.value, { text, number }].slice(-KEPT);
}

/** Where announcements are put. One for the page. What is added is read out, not all of it again. */
export function LiveRegion() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite" aria-atomic="false" data-testid="announcements">
      {announcements.value.map(({ text, number }) => (
        <p key={number}>{text}</p>
      ))}
    </div>
  );
}
