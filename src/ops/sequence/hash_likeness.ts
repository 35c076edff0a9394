/**
 * Likeness of a target and the places of a history, by hashes of their signs.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/hash_likeness.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { hashConstants, hashSizesOf, signHash } from "./sign_hash.ts";

/** Attributes: the targets of a row. */
const hashLikenessOp: Op<number> = {
  name: "hash_likeness",
  outputs: (inputs, targets) => {
    const { places } = hashSizesOf("hash_likeness", inputs, targets);
    return [targets === 1 ? ["B", places] : ["B", targets, places]];
  },
  emit: (k, { inputs, outputs: [y], attributes: targets }) => {
    const [q, x, lengths, directions] = inputs;
    const sizes = hashSizesOf("hash_likeness", inputs, targets);
    const { places, width, codes, bits } = sizes;
    k.run({
      shader: shader("hash_likeness", { grid, ...lanesOf(width).part, ...signHash, hash_likeness: source }),
      entry: "likeness",
      bind: { q, x, lengths, directions, y },
      constants: { ...hashConstants(sizes), TARGETS: targets },
      params: { batch: k.batch, places },
      grid: k.batch * targets,
      flops: 2 * k.batch * targets * places * width * codes * bits,
    });
  },
  backward: () => [],
};

/**
 * Counts the bits of hash codes that a target and each place of a history share: the directions on which both project
 * with the same sign. No gradient flows.
 *
 * @param q target `[B, N]`, or `[B, T N]` for T targets side by side
 * @param x `[B, L, N]`
 * @param lengths `[B]`, u32
 * @param directions `[codes, bits, N]`
 * @returns `[B, L]`, or `[B, T, L]` for several targets; -1 past the end
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when codes have more than 32 bits, or all together more than 2048
 */
export function hashLikeness(q: Tensor, x: Tensor, lengths: Tensor, directions: Tensor, targets = 1): Tensor {
  return apply(hashLikenessOp, [q, x, lengths, directions], targets);
}
