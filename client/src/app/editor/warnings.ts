import { computed, signal } from '@preact/signals';
import type { Notice } from '../../sdk/document-link.ts';

/** What the server said of limits, one of each kind, as signals. It says it again after each return of the connection. */
export class Warnings {
  readonly #told = signal<readonly Notice[]>([]);
  readonly #dismissed = signal<ReadonlySet<string>>(new Set());
  /** Those that nobody has closed. */
  readonly shown = computed(() => this.#told.value.filter(({ code }) => !this.#dismissed.value.has(code)));

  /** Takes note of one; a newer one of its kind takes its place. */
  note(notice: Notice): void {
    const others = this.#told.value;
    this.#told.value = others.some(({ code }) => code === notice.code)
      ? others.map((told) => (told.code === notice.code ? notice : told))
      : [...others, notice];
  }

  /** Closes one for as long as the document is open. */
  dismiss(code: string): void {
    this.#dismissed.value = new Set([...this.#dismissed.value, code]);
  }
}

/** A warning in words: our own where the app knows what it means for the reader, else the server's. */
export function describeWarning({ code, title, size, limit }: Notice): string {
  switch (code) {
    case 'document-large': {
      const full = describeShare(size, limit);
      return `This document is nearly full${full === null ? '' : ` (${full})`}. Once it is, only deleting is possible; a new document has room for what comes next.`;
    }
    case 'presence-refused':
      return 'Others cannot see your cursor here at present. What you write is saved all the same.';
    default:
      return title;
  }
}

function describeShare(size: number | undefined, limit: number | undefined): string | null {
  if (size === undefined || limit === undefined || !(limit > 0)) return null;
  return `${Math.min(100, Math.floor((size / limit) * 100))} %`;
}
