/** Bytes that lib0's encoding of an unsigned integer takes. */
export function lengthOfVarUint(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** Writes an unsigned integer in lib0's encoding into a buffer with room for it; returns the offset behind it. */
export function writeVarUint(out: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 127) {
    out[at++] = 128 | (rest % 128);
    rest = Math.floor(rest / 128);
  }
  out[at++] = rest;
  return at;
}
