import type { WriteStream } from 'node:tty';

/** One line that says how far long work is; without a terminal it says so once in a while. */
export interface Progress {
  show(text: string): void;
  end(): void;
}

const EVERY = 500;

export function createProgress(stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }): Progress {
  let calls = 0;
  return {
    show(text) {
      calls += 1;
      if (stream.isTTY === true) stream.write(`\r\u001b[K${text}`);
      else if (calls % EVERY === 0) stream.write(`${text}\n`);
    },
    end() {
      if (stream.isTTY === true) stream.write('\r\u001b[K');
    },
  };
}
