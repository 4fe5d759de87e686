import type { ErrorCode } from '@scriptorium/shared/error-codes';
import { RefusedBytes, refuse } from './update-refusal.ts';

const PROTO_KEY = new TextEncoder().encode('__proto__');
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A cursor over untrusted bytes in the encoding of lib0. Each read checks that the bytes are there and well formed,
 * and throws `RefusedBytes` where they are not; lib0 itself would return NaN, `undefined` or an unsafe integer.
 */
export class UpdateReader {
  readonly bytes: Uint8Array;
  pos: number;
  readonly #code: ErrorCode;

  /** `code` is what bytes that cannot be read are refused with. */
  constructor(bytes: Uint8Array, pos = 0, code: ErrorCode = 'malformed-update') {
    this.bytes = bytes;
    this.pos = pos;
    this.#code = code;
  }

  get left(): number {
    return this.bytes.length - this.pos;
  }

  malformed(detail: string): never {
    throw new RefusedBytes(refuse(this.#code, detail));
  }

  readByte(): number {
    const byte = this.bytes[this.pos];
    if (byte === undefined) return this.malformed('bytes are missing');
    this.pos += 1;
    return byte;
  }

  /** Unsigned integer of at most 2^53 - 1, in at most eight bytes. */
  readVarUint(): number {
    const first = this.bytes[this.pos];
    if (first !== undefined && first < 128) {
      this.pos += 1;
      return first;
    }
    return this.#continueVarUint(0, 1, 8);
  }

  /** Signed integer, of which only the well-formedness matters here. */
  skipVarInt(): void {
    const first = this.readByte();
    if (first >= 128) this.#continueVarUint(first & 63, 64, 7);
  }

  #continueVarUint(low: number, scale: number, bytes: number): number {
    let value = low;
    let factor = scale;
    for (let count = 0; count < bytes; count += 1) {
      const byte = this.readByte();
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? value : this.malformed('an integer is too large');
    }
    return this.malformed('an integer is too long');
  }

  /** A count of things that take at least `leastBytes` each, so a huge one is refused before anything is made of it. */
  readCount(leastBytes: number): number {
    const count = this.readVarUint();
    if (count * leastBytes > this.left) this.malformed('a count is larger than the bytes left');
    return count;
  }

  skip(length: number): void {
    if (length > this.left) this.malformed('bytes are missing');
    this.pos += length;
  }

  /** Skips a string and returns its length in UTF-16 code units, which is how Yjs counts. */
  skipText(): number {
    const length = this.readVarUint();
    if (length > this.left) this.malformed('a string is longer than the bytes left');
    return this.#skipUtf8(this.pos + length);
  }

  /** Skips a string that becomes a property name somewhere. */
  skipKey(): void {
    const length = this.readVarUint();
    if (length > this.left) this.malformed('a string is longer than the bytes left');
    if (length === PROTO_KEY.length && this.#isProtoKey()) {
      throw new RefusedBytes(refuse('forbidden-update', 'the key __proto__ is not allowed'));
    }
    this.#skipUtf8(this.pos + length);
  }

  readText(): string {
    const length = this.readVarUint();
    if (length > this.left) this.malformed('a string is longer than the bytes left');
    const start = this.pos;
    const units = this.#skipUtf8(start + length);
    if (units === length && length < 24) return String.fromCharCode(...this.bytes.subarray(start, this.pos));
    return decoder.decode(this.bytes.subarray(start, this.pos));
  }

  /** Accepts exactly what a fatal TextDecoder accepts. */
  #skipUtf8(end: number): number {
    const { bytes } = this;
    let pos = this.pos;
    let units = 0;
    while (pos < end) {
      const byte = bytes[pos] ?? 0;
      units += 1;
      if (byte < 0x80) {
        pos += 1;
        continue;
      }
      const length = this.#sequenceLength(pos, end);
      if (length === 4) units += 1;
      pos += length;
    }
    this.pos = end;
    return units;
  }

  #sequenceLength(pos: number, end: number): number {
    const lead = this.bytes[pos] ?? 0;
    const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0 || pos + length > end) return this.malformed('a string is not UTF-8');
    // No overlong forms (E0, F0), no surrogates (ED), nothing above U+10FFFF (F4).
    const second = this.bytes[pos + 1] ?? 0;
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return this.malformed('a string is not UTF-8');
    for (let index = 2; index < length; index += 1) {
      if (((this.bytes[pos + index] ?? 0) & 0xc0) !== 0x80) return this.malformed('a string is not UTF-8');
    }
    return length;
  }

  #isProtoKey(): boolean {
    for (let index = 0; index < PROTO_KEY.length; index += 1) {
      if (this.bytes[this.pos + index] !== PROTO_KEY[index]) return false;
    }
    return true;
  }
}
