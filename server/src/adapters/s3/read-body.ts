import { Readable } from 'node:stream';

/** Larger than any object of ours; what announces more is not ours. */
const LARGEST_BODY = 1024 * 1024 * 1024;

/**
 * Reads a response's body to its end. Throws when it breaks off, is longer or shorter than announced, or when the signal
 * fires: the client itself looks after a response no further than its headers.
 */
export async function readBody(body: unknown, announced: number | undefined, signal: AbortSignal): Promise<Uint8Array> {
  if (!(body instanceof Readable)) throw new Error('a response without a body');
  const stop = (): void => void body.destroy(new Error('the object took too long'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of body) {
      const bytes = chunk as Uint8Array;
      length += bytes.byteLength;
      if (length > (announced ?? LARGEST_BODY)) throw new Error('an object is longer than announced');
      chunks.push(bytes);
    }
    if (announced !== undefined && length !== announced) throw new Error('an object broke off');
    return Buffer.concat(chunks, length);
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}
