/**
 * Seeded initializers of parameters.
 *
 * Every element is a function of (seed, tensor name, element index) alone, through the counter-based generator
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel random numbers, SC 2011): a tensor gets the same
 * values whatever was created before it, and any part of it can be filled on its own.
 *
 * @module
 */
import { threefry } from "./initializer/threefry.ts";

/** What an initializer knows about the tensor it fills. */
export interface InitializerInfo {
  /** Inputs that one output sums over. */
  fanIn: number;
  /** Outputs that one input feeds. */
  fanOut: number;
  /** Seed of the run, an integer in [0, 2^32). */
  seed: number;
  /** Name of the tensor: different names give unrelated values. */
  name: string;
  /** Index in the whole tensor of the first element to fill, for tensors filled part by part. @default {0} */
  offset?: number;
}

/** A rule that fills a tensor with its first values. */
export interface Initializer {
  /** Rule and options in words, such as `normal(0.01)`. */
  name: string;
  /** Fills `out` as the elements `[offset, offset + out.length)` of the tensor. */
  fill(out: Float32Array, info: InitializerInfo): void;
}

/**
 * Draws from N(0, std^2), by Box and Muller in float64.
 *
 * @throws {RangeError} when `std` is negative or not finite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const [a, b] = [new Float32Array(4), new Float32Array(4)];
 * normal(0.01).fill(a, { fanIn: 1, fanOut: 1, seed: 7, name: "table" });
 * normal(0.01).fill(b, { fanIn: 1, fanOut: 1, seed: 7, name: "table" });
 * assert.deepEqual(a, b);
 * ```
 */
export function normal(std: number): Initializer {
  requireRange("std", std, 0);
  return { name: `normal(${std})`, fill: (out, info) => fillNormal(out, info, std) };
}

/**
 * Draws uniformly from [low, high].
 *
 * @throws {RangeError} when a bound is not finite or `high` is below `low`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(100);
 * uniform(-0.5, 0.5).fill(out, { fanIn: 1, fanOut: 1, seed: 7, name: "w" });
 * assert(out.every((value) => value >= -0.5 && value <= 0.5));
 * ```
 */
export function uniform(low: number, high: number): Initializer {
  requireRange("low", low, -Infinity);
  requireRange("high", high, low);
  return { name: `uniform(${low}, ${high})`, fill: (out, info) => fillUniform(out, info, low, high) };
}

/**
 * Draws from N(0, 2 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const [a, b] = [new Float32Array(4), new Float32Array(4)];
 * const info = { fanIn: 30, fanOut: 20, seed: 7, name: "w" };
 * xavierNormal().fill(a, info);
 * normal(0.2).fill(b, info);
 * assert.deepEqual(a, b);
 * ```
 */
export function xavierNormal(): Initializer {
  return { name: "xavierNormal", fill: (out, info) => fillNormal(out, info, Math.sqrt(2 / fans(info))) };
}

/**
 * Draws uniformly from [-a, a] with a = sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(100);
 * xavierUniform().fill(out, { fanIn: 20, fanOut: 4, seed: 7, name: "w" });
 * assert(out.every((value) => Math.abs(value) <= 0.5));
 * ```
 */
export function xavierUniform(): Initializer {
  return {
    name: "xavierUniform",
    fill: (out, info) => {
      const bound = Math.sqrt(6 / fans(info));
      fillUniform(out, info, -bound, bound);
    },
  };
}

/**
 * Draws from N(0, 2 / fanIn) (He et al., ICCV 2015), which keeps the variance through layers of relu.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const [a, b] = [new Float32Array(4), new Float32Array(4)];
 * const info = { fanIn: 50, fanOut: 20, seed: 7, name: "w" };
 * heNormal().fill(a, info);
 * normal(0.2).fill(b, info);
 * assert.deepEqual(a, b);
 * ```
 */
export function heNormal(): Initializer {
  return {
    name: "heNormal",
    fill: (out, info) => {
      requireFan("fanIn", info, info.fanIn);
      fillNormal(out, info, Math.sqrt(2 / info.fanIn));
    },
  };
}

/**
 * Fills with one value.
 *
 * @throws {RangeError} when the value is not finite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(2);
 * constant(0.5).fill(out, { fanIn: 1, fanOut: 1, seed: 7, name: "gate" });
 * assert.deepEqual([...out], [0.5, 0.5]);
 * ```
 */
export function constant(value: number): Initializer {
  requireRange("value", value, -Infinity);
  return { name: `constant(${value})`, fill: (out) => void out.fill(value) };
}

/**
 * Fills with 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array([3, 4]);
 * zeros().fill(out, { fanIn: 1, fanOut: 1, seed: 7, name: "bias" });
 * assert.deepEqual([...out], [0, 0]);
 * ```
 */
export function zeros(): Initializer {
  return { name: "zeros", fill: (out) => void out.fill(0) };
}

/**
 * Fills with 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(2);
 * ones().fill(out, { fanIn: 1, fanOut: 1, seed: 7, name: "scale" });
 * assert.deepEqual([...out], [1, 1]);
 * ```
 */
export function ones(): Initializer {
  return { name: "ones", fill: (out) => void out.fill(1) };
}

/**
 * Fills a matrix with 1 on its diagonal and 0 elsewhere.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(4);
 * identity().fill(out, { fanIn: 2, fanOut: 2, seed: 7, name: "kernel" });
 * assert.deepEqual([...out], [1, 0, 0, 1]);
 * ```
 */
export function identity(): Initializer {
  return {
    name: "identity",
    fill: (out, { fanOut, offset = 0 }) => {
      for (let i = 0; i < out.length; i++) {
        const at = offset + i;
        out[i] = at < fanOut * fanOut && at % (fanOut + 1) === 0 ? 1 : 0;
      }
    },
  };
}

function fillNormal(out: Float32Array, info: InitializerInfo, std: number): void {
  fillPairs(out, info, (words, pair) => {
    const radius = std * Math.sqrt(-2 * Math.log(toUnit(words[0])));
    const angle = 2 * Math.PI * toUnit(words[1]);
    pair[0] = radius * Math.cos(angle);
    pair[1] = radius * Math.sin(angle);
  });
}

function fillUniform(out: Float32Array, info: InitializerInfo, low: number, high: number): void {
  const width = high - low;
  fillPairs(out, info, (words, pair) => {
    pair[0] = low + width * toUnit(words[0]);
    pair[1] = low + width * toUnit(words[1]);
  });
}

/** Fills elements two by two: block k of the generator gives the elements 2k and 2k + 1 of the tensor. */
function fillPairs(
  out: Float32Array,
  { seed, name, offset = 0 }: InitializerInfo,
  draw: (words: Uint32Array, pair: Float64Array) => void,
): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`Cannot initialize "${name}": seed must be an integer in [0, 2^32), received ${seed}`);
  }
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError(`Cannot initialize "${name}": offset must be a count, received ${offset}`);
  }
  const nameHash = hashText(name);
  const words = new Uint32Array(2);
  const pair = new Float64Array(2);
  const end = offset + out.length;
  for (let block = Math.floor(offset / 2); block * 2 < end; block++) {
    threefry(words, seed, nameHash, block >>> 0, Math.floor(block / 2 ** 32));
    draw(words, pair);
    const first = block * 2 - offset;
    if (first >= 0) out[first] = pair[0];
    if (first + 1 < out.length) out[first + 1] = pair[1];
  }
}

/** Maps a word to the middle of its interval in (0, 1), never 0: the logarithm is taken of it. */
function toUnit(word: number): number {
  return (word + 0.5) * 2 ** -32;
}

/** Hashes text to 32 bits: FNV-1a over its UTF-16 code units, low byte first. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 255), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash;
}

function fans(info: InitializerInfo): number {
  requireFan("fanIn", info, info.fanIn);
  requireFan("fanOut", info, info.fanOut);
  return info.fanIn + info.fanOut;
}

function requireFan(option: string, { name }: InitializerInfo, value: number): void {
  if (!(value >= 1 && value < Infinity)) {
    throw new RangeError(`Cannot initialize "${name}": ${option} must be at least 1, received ${value}`);
  }
}

function requireRange(option: string, value: number, low: number): void {
  if (Number.isFinite(value) && value >= low) return;
  const bound = low === -Infinity ? "" : ` and at least ${low}`;
  throw new RangeError(`Cannot create initializer: ${option} must be finite${bound}, received ${value}`);
}
