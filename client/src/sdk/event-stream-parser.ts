/** A block of a stream of events; what it does not say is `null`. */
export interface StreamBlock {
  readonly id: string | null;
  readonly data: string | null;
  /** Milliseconds to wait before the stream is opened again. */
  readonly retry: number | null;
}

/** A line ends so; a carriage return at the end may have its line feed in the next piece. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/** Takes a stream of server-sent events apart, as the HTML standard (9.2.6) says; types stand in our data as well. */
export class EventStreamParser {
  #rest = '';
  #isAtStart = true;
  #data: string[] = [];
  #id: string | null = null;
  #retry: number | null = null;

  /** Takes the next piece of text; gives the blocks that end in it. */
  feed(piece: string): readonly StreamBlock[] {
    this.#rest += piece;
    if (this.#isAtStart && this.#rest !== '') {
      this.#isAtStart = false;
      this.#rest = this.#rest.replace(/^\uFEFF/, '');
    }
    const lines = this.#rest.split(LINE_END);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => (line === '' ? this.#endBlock() : this.#takeLine(line)));
  }

  #endBlock(): readonly StreamBlock[] {
    const block = { id: this.#id, data: this.#data.length === 0 ? null : this.#data.join('\n'), retry: this.#retry };
    this.#data = [];
    this.#id = null;
    this.#retry = null;
    return block.id === null && block.data === null && block.retry === null ? [] : [block];
  }

  #takeLine(line: string): readonly [] {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.#retry = Number(value);
    return [];
  }
}
