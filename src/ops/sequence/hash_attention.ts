/**
 * Attention by hash collisions.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/hash_attention.wgsl" with { type: "text" };
import poolColumns from "../../../shaders/sequence/pool_columns.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { emitHashSlices, fitsHashSlices } from "./hash_slices.ts";
import { SLICES_ON_PROCESSOR, slicesCost } from "./place_slices.ts";
import { HASH_THREADS, hashConstants, type HashSizes, hashSizesOf, signHash, wordsOf } from "./sign_hash.ts";

interface HashAttributes {
  /** Whether each sum is divided by its length. */
  readonly normalize: boolean;
}

/** Tensors of the forward pass by their names in the shaders; `s` where sums are normalized. */
interface HashTask {
  readonly bind: Readonly<Record<"q" | "x" | "lengths" | "directions" | "matches" | "y", Tensor>>;
  readonly s: Tensor | undefined;
}

/** Sizes that the choice of a kernel depends on. */
interface HashProblem extends Problem, HashSizes {
  readonly batch: number;
  readonly normalize: boolean;
}

function hashFlops({ batch, places, width, codes, bits }: HashProblem): number {
  return 2 * batch * places * width * (codes * bits + 1);
}

/** The forward pass, by a workgroup for each row of the batch or by slices of the history. */
const hashAttentionKernel: Kernel<HashTask, HashProblem> = {
  name: "hash_attention",
  problem: ({ batch }, { bind: { q, x, lengths, directions }, s }) => ({
    batch,
    ...hashSizesOf("hash_attention", [q, x, lengths, directions]),
    normalize: s !== undefined,
  }),
  variants: [
    gpuVariant("rows", hashFlops, (k, { bind, s }, problem) => {
      const { normalize } = problem;
      const entry = normalize ? "forward_normalized" : "forward";
      const all = s ? { ...bind, s } : { ...bind, s: bind.y, y: undefined };
      run(k, entry, problem, { normalize }, all, k.batch, hashFlops(problem));
    }, 1),
    {
      ...gpuVariant("slices", (sizes) => slicesCost(hashFlops(sizes)), (k, { bind }, problem) => {
        emitHashSlices(k, bind, problem, hashFlops(problem));
      }, SLICES_ON_PROCESSOR),
      fits: ({ limits }, { normalize, ...sizes }) => !normalize && fitsHashSlices(limits, sizes),
    },
  ],
};

/** Inputs q, x, lengths, directions; outputs y, the matches, and the sums where they are normalized. */
const hashAttentionOp: Op<HashAttributes> = {
  name: "hash_attention",
  outputs: (inputs, { normalize }) => {
    const sizes = hashSizesOf("hash_attention", inputs);
    const { places, width, codes } = sizes;
    return [
      ["B", width],
      { shape: ["B", places, wordsOf(sizes)], dtype: "u32" },
      ...(normalize ? [["B", codes, width] as const] : []),
    ];
  },
  emit: (k, { inputs: [q, x, lengths, directions], outputs: [y, matches, s] }) =>
    emitKernel(k, hashAttentionKernel, { bind: { q, x, lengths, directions, matches, y }, s }),
  backward: ({ inputs, outputs: [, matches, s], attributes }, [dy]) => {
    if (!dy) return [];
    return [
      undefined,
      apply(hashGradientOp, [dy, matches, ...(s ? [s] : [])], {
        ...attributes,
        sizes: hashSizesOf("hash_attention", inputs),
      }),
    ];
  },
};

const hashGradientOp: Op<HashAttributes & { readonly sizes: HashSizes }> = {
  name: "hash_attention_backward",
  outputs: (_, { sizes: { places, width } }) => [["B", places, width]],
  emit: (k, { inputs: [dy, known, s], outputs: [dx], attributes }) => {
    const { sizes } = attributes;
    const bind = { dy, known, known_s: s, y: dx };
    if (s) return run(k, "gradient_normalized", sizes, attributes, bind, k.batch);
    const lanes = k.batch * sizes.places * lanesOf(sizes.width).count;
    run(k, "gradient", sizes, attributes, bind, Math.ceil(lanes / HASH_THREADS));
  },
};

function run(
  k: Emitter,
  entry: string,
  sizes: HashSizes,
  { normalize }: HashAttributes,
  bind: Readonly<Record<string, Tensor | undefined>>,
  workgroups: number,
  flops?: number,
): void {
  const { part } = lanesOf(sizes.width);
  const files = { grid, ...part, ...signHash, pool_columns: poolColumns, hash_attention: source };
  k.run({
    shader: shader("hash_attention", files),
    entry,
    bind,
    constants: {
      ...hashConstants(sizes),
      HEADS: normalize ? sizes.codes : 1,
      NORMALIZES: normalize,
      WORDS: wordsOf(sizes),
    },
    params: { batch: k.batch, places: sizes.places },
    grid: workgroups,
    flops,
  });
}

/**
 * Adds the places of a history that collide with a target under hashes of their signs: y[b, :] = 1/m sum_j s_j with s_j
 * the sum of x[b, t, :] over t < lengths[b] with code_j(x[b, t, :]) = code_j(q[b, :]).
 *
 * Bit i of code_j(v) is 1 where v . directions[j, i, :] > 0. Gradients flow through the added places alone.
 *
 * @param q target `[B, N]`
 * @param x `[B, L, N]`
 * @param lengths `[B]`, u32; an empty history gives zeros
 * @param directions `[m, bits, N]`
 * @param normalize whether each s_j is divided by its Euclidean length
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when codes have more than 32 bits, or all together more than 2048
 */
export function hashAttention(
  q: Tensor,
  x: Tensor,
  lengths: Tensor,
  directions: Tensor,
  normalize: boolean,
): Tensor {
  return apply(hashAttentionOp, [q, x, lengths, directions], { normalize });
}
