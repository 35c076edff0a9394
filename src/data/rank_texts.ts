/**
 * Ordering the texts of a vocabulary: millions of them are sorted by numbers, since comparing texts one with another takes
 * several times as long.
 *
 * @module
 */

/** Texts of which fewer are compared one with another. */
const FEW = 24;

/** Steps after which texts are compared one with another, too. */
const MOST_STEPS = 16;

/** Largest code unit that one byte holds. */
const LATIN = 0xff;

/**
 * Orders texts by falling count, those of equal counts by their code units; texts must differ.
 *
 * @returns numbers of the texts that occur at least `minCount` times
 */
export function rankTexts(texts: readonly string[], counts: Uint32Array, minCount: number): Uint32Array {
  let kept = 0;
  for (let code = 0; code < texts.length; code++) if (counts[code] >= minCount) kept++;
  const order = new Uint32Array(kept);
  for (let code = 0, at = 0; code < texts.length; code++) if (counts[code] >= minCount) order[at++] = code;
  sortRuns(order, (code) => ~counts[code], (run) => sortByText(run, texts, 0, 0));
  return order;
}

/** Orders numbers of texts whose code units before `from` agree. */
function sortByText(codes: Uint32Array, texts: readonly string[], from: number, step: number): void {
  if (codes.length < FEW) return sortFew(codes, texts);
  if (step === MOST_STEPS) return void codes.sort((x, y) => texts[x] < texts[y] ? -1 : 1);
  const at = commonEnd(codes, texts, from);
  const isLatin = codes.every((code) => isLatinAt(texts[code], at));
  // Behind its end a text has code units of 0 here; texts that differ by such ones alone are told apart in the last step.
  const keyOf = isLatin
    ? (text: string) =>
      (unit(text, at) << 24) | (unit(text, at + 1) << 16) | (unit(text, at + 2) << 8) | unit(text, at + 3)
    : (text: string) => (unit(text, at) << 16) | unit(text, at + 1);
  const next = at + (isLatin ? 4 : 2);
  sortRuns(codes, (code) => keyOf(texts[code]), (run) => sortByText(run, texts, next, step + 1));
}

/** Returns up to where all texts agree. */
function commonEnd(codes: Uint32Array, texts: readonly string[], from: number): number {
  const first = texts[codes[0]];
  let end = first.length;
  for (let i = 1; i < codes.length && end > from; i++) {
    const text = texts[codes[i]];
    let at = from;
    while (at < end && text.charCodeAt(at) === first.charCodeAt(at)) at++;
    end = at;
  }
  return end;
}

function isLatinAt(text: string, at: number): boolean {
  for (let k = at; k < Math.min(at + 4, text.length); k++) if (text.charCodeAt(k) > LATIN) return false;
  return true;
}

function unit(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

/**
 * Orders codes by the key of each, a number of 32 bits without a sign.
 *
 * @param sortRun orders codes of equal keys
 */
function sortRuns(codes: Uint32Array, keyOf: (code: number) => number, sortRun: (run: Uint32Array) => void): void {
  const pairs = new BigUint64Array(codes.length);
  const words = new Uint32Array(pairs.buffer);
  for (let i = 0; i < codes.length; i++) {
    words[2 * i + LOW] = codes[i];
    words[2 * i + HIGH] = keyOf(codes[i]);
  }
  pairs.sort();
  for (let i = 0; i < codes.length; i++) codes[i] = words[2 * i + LOW];
  for (let from = 0, to = 0; from < codes.length; from = to) {
    const key = words[2 * from + HIGH];
    for (to = from + 1; to < codes.length && words[2 * to + HIGH] === key;) to++;
    if (to > from + 1) sortRun(codes.subarray(from, to));
  }
}

/** Orders a few by inserting one after the other. */
function sortFew(codes: Uint32Array, texts: readonly string[]): void {
  for (let i = 1; i < codes.length; i++) {
    const code = codes[i];
    let at = i;
    for (; at > 0 && texts[code] < texts[codes[at - 1]]; at--) codes[at] = codes[at - 1];
    codes[at] = code;
  }
}

/** Where the low and the high half of a number of 64 bits are. */
const LOW = new Uint32Array(BigUint64Array.of(1n).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;
