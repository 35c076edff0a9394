/**
 * Numbers of a numeric field: reading, scaling and cutting into buckets. A missing number is NaN.
 *
 * @module
 */
import type { Scale } from "./schema.ts";

/** A fitted scaling: `(g(x) - center) / spread`, where g is the signed logarithm for `log` and x itself otherwise. */
export interface FittedScale {
  /** Which scaling. */
  readonly scale: Scale;
  /** What is subtracted. */
  readonly center: number;
  /** What divides. */
  readonly spread: number;
}

/** Numbers beyond this become infinite in float32. */
export const LARGEST_NUMBER = 3.4028234663852886e38;

/** Reads a decimal number that float32 can hold; NaN for anything else, blank text and `0x10` included. */
export function parseNumber(text: string): number {
  const number = Number(text);
  if (!(Math.abs(number) <= LARGEST_NUMBER)) return NaN;
  // Number reads blank text as 0, and prefixes that no number in a data file has.
  return (number === 0 && text.trim() === "") || /^\s*0[xob]/i.test(text) ? NaN : number;
}

/** Fits a scaling to the numbers that are not missing; all missing gives center 0 and spread 1. */
export function fitScale(scale: Scale, numbers: Float64Array): FittedScale {
  if (scale === "standard") return { scale, ...measureMoments(numbers) };
  if (scale === "minmax") {
    const [least, most] = measureRange(numbers) ?? [0, 1];
    return { scale, center: least, spread: most > least ? most - least : 1 };
  }
  return { scale, center: 0, spread: 1 };
}

/** Scales a number. */
export function applyScale({ scale, center, spread }: FittedScale, x: number): number {
  const shaped = scale === "log" ? Math.sign(x) * Math.log1p(Math.abs(x)) : x;
  return (shaped - center) / spread;
}

/**
 * Cuts the numbers that are not missing into at most `buckets` groups of about equal size.
 *
 * @returns ascending edges; a number x is in the bucket whose position is the count of edges <= x, so equal numbers
 * share a bucket, and there are fewer buckets than asked for where one number fills several
 */
export function fitEdges(buckets: number, numbers: Float64Array): number[] {
  const sorted = numbers.filter((x) => !Number.isNaN(x)).sort();
  const edges: number[] = [];
  for (let k = 1; k < buckets; k++) {
    const edge = sorted[Math.floor((k * sorted.length) / buckets)];
    // An edge at the smallest number would leave an empty bucket below it.
    if (edge > (edges.at(-1) ?? sorted[0])) edges.push(edge);
  }
  return edges;
}

/** Returns the bucket of a number: how many edges are <= x. */
export function findBucket(edges: readonly number[], x: number): number {
  let low = 0;
  for (let high = edges.length; low < high;) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function measureMoments(numbers: Float64Array): { center: number; spread: number } {
  let [count, mean, squares] = [0, 0, 0];
  for (const x of numbers) {
    if (Number.isNaN(x)) continue;
    const step = x - mean;
    mean += step / ++count;
    squares += step * (x - mean);
  }
  const spread = Math.sqrt(squares / count);
  return { center: mean, spread: spread > 0 ? spread : 1 };
}

/** Returns the smallest and the largest number, or nothing when all are missing. */
export function measureRange(numbers: Float64Array): [least: number, most: number] | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i];
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return low > high ? undefined : [low, high];
}
