const utf8 = new TextEncoder();
/** Bytes of the length in front. */
const LENGTH = 4;

/** What a write is about to store, and what it will then answer. */
export interface Intent {
  readonly update: Uint8Array | null;
  readonly result: unknown;
}

/** An intent, and the document whose content is in it; `null` where it holds none. */
export interface PlacedIntent extends Intent {
  readonly documentId: number | null;
}

/** An intent as bytes: the length of the result, the result as JSON, the update. */
export function encodeIntent({ update, result }: Intent): Uint8Array {
  const text = utf8.encode(JSON.stringify({ result, isEmpty: update === null }));
  const bytes = new Uint8Array(LENGTH + text.byteLength + (update?.byteLength ?? 0));
  new DataView(bytes.buffer).setUint32(0, text.byteLength);
  bytes.set(text, LENGTH);
  if (update !== null) bytes.set(update, LENGTH + text.byteLength);
  return bytes;
}

/** Reads back what `encodeIntent` made. */
export function decodeIntent(bytes: Uint8Array): Intent {
  const end = LENGTH + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const text = new TextDecoder().decode(bytes.subarray(LENGTH, end));
  const { result, isEmpty } = JSON.parse(text) as { readonly result: unknown; readonly isEmpty: boolean };
  return { result, update: isEmpty ? null : bytes.slice(end) };
}
