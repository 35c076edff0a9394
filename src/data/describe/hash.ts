/**
 * Hashes of texts.
 *
 * @module
 */

/** Hashes a text to 32 bits, by multiplying and shifting in each of its UTF-16 units and mixing in the end. */
export function hashText(text: string, seed: number): number {
  let h = seed | 0;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h ^= h >>> 15;
  }
  h = Math.imul(h ^ text.length, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hashes a text to 53 bits, few enough to be an exact number. */
export function hashWide(text: string): number {
  return hashText(text, 0x811c9dc5) * 2 ** 21 + (hashText(text, 0x2545f491) >>> 11);
}
