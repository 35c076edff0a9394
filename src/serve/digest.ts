/**
 * Choosing a share of requests by what they are called.
 *
 * @module
 */

/**
 * Returns a number in [0, 1) for the numbers of a text: their FNV-1a hash, and the mixing that ends MurmurHash3, so that
 * texts alike in their ends lie far apart.
 */
export function unitOf(codes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const code of codes) hash = Math.imul(hash ^ code, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
