/**
 * The counter-based generator that initializers draw from.
 *
 * Threefry-2x32 with 20 rounds. Salmon, Moraes, Dror, Shaw: Parallel random numbers, SC 2011.
 *
 * @module
 */

/**
 * Computes one block of Threefry-2x32-20: `out` gets two words that depend on the key and the counter, all 32-bit.
 */
export function threefry(out: Uint32Array, key0: number, key1: number, counter0: number, counter1: number): void {
  const key2 = 0x1bd11bda ^ key0 ^ key1;
  let a = (counter0 + key0) | 0;
  let b = (counter1 + key1) | 0;
  for (let group = 0; group < 5; group++) {
    const even = (group & 1) === 0;
    a = (a + b) | 0;
    b = even ? (b << 13) | (b >>> 19) : (b << 17) | (b >>> 15);
    b ^= a;
    a = (a + b) | 0;
    b = even ? (b << 15) | (b >>> 17) : (b << 29) | (b >>> 3);
    b ^= a;
    a = (a + b) | 0;
    b = even ? (b << 26) | (b >>> 6) : (b << 16) | (b >>> 16);
    b ^= a;
    a = (a + b) | 0;
    b = even ? (b << 6) | (b >>> 26) : (b << 24) | (b >>> 8);
    b ^= a;
    // The key words enter in rotation: 1 2, 2 0, 0 1, 1 2, 2 0.
    const turn = group % 3;
    a = (a + (turn === 0 ? key1 : turn === 1 ? key2 : key0)) | 0;
    b = (b + (turn === 0 ? key2 : turn === 1 ? key0 : key1) + group + 1) | 0;
  }
  out[0] = a;
  out[1] = b;
}
