import * as Y from 'yjs';

/** One character and who wrote it. */
export interface WrittenCharacter {
  readonly sign: string;
  readonly author: string;
}

/** Follows a text by the positions that Yjs reports for each update: another way to know what is where, and by whom. */
export class TraceReplay {
  readonly #document = new Y.Doc();
  #characters: WrittenCharacter[] = [];

  constructor(root: string) {
    this.#document.getText(root).observe(({ changes }, transaction) => {
      let at = 0;
      for (const { retain, insert, delete: deleted } of changes.delta) {
        if (retain !== undefined) at += retain;
        if (deleted !== undefined) this.#characters.splice(at, deleted);
        if (typeof insert !== 'string') continue;
        const author = String(transaction.origin);
        this.#characters.splice(at, 0, ...Array.from(insert, (sign) => ({ sign, author })));
        at += insert.length;
      }
    });
  }

  apply(update: Uint8Array, author: string): void {
    Y.applyUpdate(this.#document, update, author);
  }

  characters(): readonly WrittenCharacter[] {
    return [...this.#characters];
  }
}

/** The person behind an update of a recorded session: one who only deletes writes under no clientID. */
export function writerOf(update: Uint8Array): string {
  return `person ${[...Y.parseUpdateMeta(update).from.keys()][0] ?? 'who deletes'}`;
}
