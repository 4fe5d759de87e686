import type { RenderFormat } from './conversion.ts';

/** A file that shall become the content of a document. */
export interface ReplaceFile {
  readonly base: Uint8Array;
  readonly format: RenderFormat;
  readonly body: Uint8Array;
  readonly clientId: number;
}

/** Conversions of whole documents, away from the main thread. Throws as `runConversion` and `ConversionThread` do. */
export interface FileConversions {
  /** A state in a format; UTF-8 where it is text. */
  render(state: Uint8Array, format: RenderFormat): Promise<Uint8Array>;
  /** The edit that makes a document what a file says; `null` when it is that already. */
  replace(request: ReplaceFile): Promise<Uint8Array | null>;
}
