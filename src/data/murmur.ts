/**
 * A hash of texts that stays the same in all versions and that other programs can compute: MurmurHash3 of 32 bits
 * (Austin Appleby, `MurmurHash3_x86_32`, public domain) over the UTF-8 bytes of the text.
 *
 * @module
 */

const encoder = new TextEncoder();

// UTF-8 takes at most three bytes for each UTF-16 unit.
const BYTES_PER_UNIT = 3;
const scratch = new Uint8Array(3 * 1024);

/**
 * Hashes a text to 32 bits, as `mmh3.hash(text, seed, signed=False)` in Python does.
 *
 * @param seed integer in [0, 2^32)
 */
export function murmur3(text: string, seed: number): number {
  const bytes = BYTES_PER_UNIT * text.length > scratch.length ? encoder.encode(text) : scratch;
  const length = bytes === scratch ? encodeInto(text) : bytes.length;
  return murmur3Bytes(bytes, 0, length, seed);
}

/**
 * Hashes the bytes `[start, end)` of a text in UTF-8, as {@linkcode murmur3} does the text.
 *
 * @param seed integer in [0, 2^32)
 */
export function murmur3Bytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const length = end - start;
  let hash = seed | 0;
  const whole = start + (length & ~3);
  for (let i = start; i < whole; i += 4) {
    const block = bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24;
    hash ^= scramble(block);
    hash = Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
  }
  let rest = 0;
  for (let i = end - 1; i >= whole; i--) rest = rest << 8 | bytes[i];
  hash ^= scramble(rest) ^ length;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul(mixed << 15 | mixed >>> 17, 0x1b873593);
}

/** Writes a text in UTF-8 to the scratch space and returns the number of its bytes; plain ASCII needs no encoder. */
function encodeInto(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encoder.encodeInto(text, scratch).written;
    scratch[i] = unit;
  }
  return text.length;
}
