/**
 * Places of histories by buckets of how like the target they are.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/buckets.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { placesOf, requireLengths, requireShape } from "./places.ts";

const kernels = shader("buckets", { grid, buckets: source });

/** Attributes: the number of buckets. */
const cosineBucketsOp: Op<number> = {
  name: "cosine_buckets",
  outputs: ([q, x, lengths], count) => {
    const { places, width } = placesOf("cosine_buckets", x);
    requireShape("cosine_buckets", "target", q, ["B", width]);
    requireLengths("cosine_buckets", lengths);
    if (!(Number.isInteger(count) && count > 0)) {
      throw new RangeError(`Cannot build cosine_buckets: buckets must be a positive integer, received ${count}`);
    }
    return [{ shape: ["B", places], dtype: "u32" }];
  },
  emit: (k, { inputs: [q, x, lengths], outputs: [buckets], attributes: count }) =>
    emitNumbers(k, "cosines", { q, x, lengths, buckets }, buckets, { count, ...placesOf("cosine_buckets", x) }),
  backward: () => [],
};

/** Attributes: the number of buckets. */
const bucketValuesOp: Op<number> = {
  name: "bucket_values",
  outputs: ([x, buckets, lengths], count) => {
    const places = placesOfBuckets("bucket_values", buckets);
    requireShape("bucket_values", "values", x, ["B", count]);
    requireLengths("bucket_values", lengths);
    return [["B", places]];
  },
  emit: (k, { inputs: [x, chosen, lengths], outputs: [y], attributes: count }) =>
    emitNumbers(k, "values", { x, chosen, lengths, y }, y, { count, places: Number(y.shape[1]) }),
  backward: ({ inputs: [, buckets, lengths], attributes: count }, [dy]) => [
    dy && bucketSums(dy, buckets, lengths, count),
  ],
};

/** Attributes: the number of buckets. */
const bucketSumsOp: Op<number> = {
  name: "bucket_sums",
  outputs: ([x, buckets, lengths], count) => {
    const places = placesOfBuckets("bucket_sums", buckets);
    requireShape("bucket_sums", "values", x, ["B", places]);
    requireLengths("bucket_sums", lengths);
    return [["B", count]];
  },
  emit: (k, { inputs: [x, chosen, lengths], outputs: [y], attributes: count }) =>
    emitNumbers(k, "sums", { x, chosen, lengths, y }, y, { count, places: Number(x.shape[1]) }),
  backward: ({ inputs: [, buckets, lengths] }, [dy]) => [dy && bucketValues(dy, buckets, lengths)],
};

function placesOfBuckets(op: string, { shape, dtype }: Tensor): number {
  const [batch, places, ...others] = shape;
  if (batch === "B" && typeof places === "number" && others.length === 0 && dtype === "u32") return places;
  throw new TypeError(
    `Cannot build ${op}: buckets must have shape [B, L] and type u32, received ${formatShape(shape)} ${dtype}`,
  );
}

/** Appends a kernel with an invocation for each number of `each`. */
function emitNumbers(
  k: Emitter,
  entry: "cosines" | "values" | "sums",
  bind: Readonly<Record<string, Tensor>>,
  each: Tensor,
  { count, places, width = 0 }: { readonly count: number; readonly places: number; readonly width?: number },
): void {
  const grid = Math.ceil(sizeOf(each.shape, k.batch) / 64);
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { BUCKETS: count },
    params: { batch: k.batch, places, width },
    grid,
  });
}

/**
 * Sorts the places of a history into buckets of one width by the cosine, between -1 and 1, of the angle to a target. No
 * gradient flows.
 *
 * @param q target `[B, N]`
 * @param x places `[B, L, N]`
 * @param lengths `[B]`, u32
 * @returns numbers of buckets `[B, L]`, u32
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when the number of buckets is no positive integer
 */
export function cosineBuckets(q: Tensor, x: Tensor, lengths: Tensor, buckets: number): Tensor {
  return apply(cosineBucketsOp, [q, x, lengths], buckets);
}

/**
 * Gives each place the value of its bucket: y[b, t] = values[b, buckets[b, t]], 0 past the end of a history.
 *
 * @param values one for each bucket, `[B, K]`
 * @param buckets `[B, L]`, u32
 * @param lengths `[B]`, u32
 * @returns `[B, L]`
 * @throws {TypeError} when a shape differs
 */
export function bucketValues(values: Tensor, buckets: Tensor, lengths: Tensor): Tensor {
  return apply(bucketValuesOp, [values, buckets, lengths], Number(values.shape[1]));
}

/**
 * Sums the values of the places of each bucket: y[b, i] = sum of values[b, t] where buckets[b, t] = i.
 *
 * @param values one for each place, `[B, L]`
 * @param buckets `[B, L]`, u32
 * @param lengths `[B]`, u32
 * @returns `[B, K]`
 * @throws {TypeError} when a shape differs
 */
export function bucketSums(values: Tensor, buckets: Tensor, lengths: Tensor, count: number): Tensor {
  return apply(bucketSumsOp, [values, buckets, lengths], count);
}
