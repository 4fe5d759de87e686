/** What is known of one edit: a marker that is unique in the run. */
export interface Edit {
  readonly marker: string;
  readonly document: string;
  readonly typedAt: number;
  /** When the server said that it is saved; `null`: never, so its fate is unknown until the end. */
  acknowledgedAt: number | null;
}

/** Everything that was typed in a run, and what the server said about it. */
export class History {
  readonly #edits = new Map<string, Edit>();

  typed(document: string, marker: string): Edit {
    const edit = { marker, document, typedAt: performance.now(), acknowledgedAt: null };
    this.#edits.set(marker, edit);
    return edit;
  }

  get typedCount(): number {
    return this.#edits.size;
  }

  get acknowledgedCount(): number {
    return [...this.#edits.values()].filter((edit) => edit.acknowledgedAt !== null).length;
  }

  /** Milliseconds from each edit of a time, in the documents that count, to its acknowledgement; without one, until now. */
  waits(
    span: { readonly from: number; readonly to: number },
    counts: (document: string) => boolean,
  ): readonly number[] {
    const now = performance.now();
    return [...this.#edits.values()]
      .filter(({ document, typedAt }) => typedAt >= span.from && typedAt <= span.to && counts(document))
      .map(({ typedAt, acknowledgedAt }) => (acknowledgedAt ?? now) - typedAt);
  }

  /** Holds a document's text against what was typed into it. */
  check(document: string, text: string): Findings {
    const found = new Map<string, number>();
    for (const word of text.split(' ')) if (word !== '') found.set(word, (found.get(word) ?? 0) + 1);
    const edits = [...this.#edits.values()].filter((edit) => edit.document === document);
    return {
      lost: edits.filter((edit) => edit.acknowledgedAt !== null && !found.has(edit.marker)).map((it) => it.marker),
      missing: edits.filter((edit) => !found.has(edit.marker)).map((it) => it.marker),
      doubled: [...found].filter(([, count]) => count > 1).map(([word]) => word),
      foreign: [...found.keys()].filter((word) => this.#edits.get(word)?.document !== document),
    };
  }
}

/** What is wrong with a document; all empty when nothing is. */
export interface Findings {
  /** Acknowledged, and not there. */
  readonly lost: readonly string[];
  /** Typed by a client that is still there, and not there. */
  readonly missing: readonly string[];
  /** There more than once. */
  readonly doubled: readonly string[];
  /** There, and typed by nobody, or into another document. */
  readonly foreign: readonly string[];
}
