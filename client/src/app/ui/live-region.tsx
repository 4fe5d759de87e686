import { signal } from '@preact/signals';

/** What is to be read out, politely. The number makes equal texts different. */
const announcement = signal({ text: '', number: 0 });

/** Has a text read out by screen readers when they find time for it. */
export function announce(text: string): void {
  announcement.value = { text, number: announcement.value.number + 1 };
}

/** Where announcements are put. One for the page. */
export function LiveRegion() {
  const { text, number } = announcement.value;
  return (
    <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcements">
      <span key={number}>{text}</span>
    </div>
  );
}
