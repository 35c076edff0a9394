/**
 * A dense layer over the element products of all pairs of fields, which are never in memory all at once.
 *
 * Products are formed for some pairs at a time, multiplied by those pairs' rows of the weight, and dropped; the backward
 * pass forms them again. That costs less than a percent of the multiplication.
 *
 * @module
 */
import { apply, type Op } from "../graph/node.ts";
import { formatShape, type Tensor } from "../graph/tensor.ts";
import { add } from "./add.ts";
import { matmulNt, matmulTn } from "./matmul.ts";
import { emitProduct } from "./matmul_kernels.ts";
import { productOutputs } from "./matmul_layout.ts";
import { pairElements, type PairRange, splitFirst } from "./pair_elements.ts";
import { matrixElements } from "./pair_matrix.ts";
import { pairSizes } from "./pairs.ts";

/** Columns of products that are in memory at once. */
const COLUMNS = 4096;

/** Options of {@linkcode pairDense}. */
export interface PairDenseOptions {
  /** Columns of products that are in memory at once; at least those of one pair are. @default {4096} */
  readonly columns?: number;
}

/**
 * Where products of pairs i < j come from: left_i * right_j, or (e_i W_p) * e_j with a matrix of each pair, by element.
 */
export type PairSource =
  | { readonly left: Tensor; readonly right: Tensor }
  | { readonly e: Tensor; readonly matrices: Tensor };

/** Inputs of the op after products and weight: what the products are formed from. */
interface ChunkAttributes extends PairRange {
  readonly byMatrices: boolean;
}

/** y = r W, where r is formed again for the backward pass instead of being kept. */
const chunkOp: Op<ChunkAttributes> = {
  name: "pairDense",
  outputs: ([r, weight]) => productOutputs(r.shape, weight.shape[0] as number, weight.shape[1] as number),
  emit: (k, { inputs: [r, weight], outputs }) => void emitProduct(k, r, weight, outputs, {}),
  backward: ({ inputs: [, weight, a, b], attributes }, [dy], gradients) => {
    if (!dy) return [];
    const r = productsOf(a, b, attributes);
    const dWeight = matmulTn(r, dy);
    const dr = matmulNt(dy, weight);
    const { node } = r;
    return [undefined, dWeight, ...node!.op.backward!(node!, [dr], gradients)];
  },
};

function productsOf(a: Tensor, b: Tensor, { byMatrices, ...range }: ChunkAttributes): Tensor {
  return byMatrices ? matrixElements(a, b, range.first) : pairElements(a, b, range);
}

function rangesOf(pairs: number, dim: number, columns: number): PairRange[] {
  const most = Math.max(1, Math.floor(columns / dim));
  const chunks = Math.ceil(pairs / most);
  return Array.from({ length: chunks }, (_, i) => {
    const first = Math.floor(i * pairs / chunks);
    return { first, pairs: Math.floor((i + 1) * pairs / chunks) - first };
  });
}

/**
 * Applies a dense layer without bias to the products of all pairs of fields of some sources, side by side:
 * y[b, n] = sum_s sum_p sum_d r_s[b, p, d] W[(s, p, d), n].
 *
 * @param sources what r_s is formed from: tensors `[B, F, D]`, matrices `[P, D, D]` with P = F (F - 1) / 2
 * @param weight `[S P D, N]`
 * @returns `[B, N]`
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function pairDense(
  sources: readonly PairSource[],
  weight: Tensor,
  { columns = COLUMNS }: PairDenseOptions = {},
): Tensor {
  const chunks = sources.flatMap((from) => {
    const { pairs, dim } = pairSizes("pairDense", "e" in from ? from.e : from.left);
    const ranges = rangesOf(pairs, dim, columns);
    const matrices = "e" in from ? splitFirst(from.matrices, ranges.map((range) => range.pairs)) : [];
    return ranges.map((range, i) => ({
      inputs: "e" in from ? [from.e, matrices[i]] as const : [from.left, from.right] as const,
      attributes: { ...range, byMatrices: "e" in from },
      rows: range.pairs * dim,
    }));
  });
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  if (weight.shape.length !== 2 || weight.shape[0] !== rows) {
    throw new TypeError(
      `Cannot build pairDense: weight must have shape [${rows}, N], received ${formatShape(weight.shape)}`,
    );
  }
  const weights = splitFirst(weight, chunks.map((chunk) => chunk.rows));
  let y: Tensor | undefined;
  chunks.forEach(({ inputs: [a, b], attributes }, i) => {
    const part = apply(chunkOp, [productsOf(a, b, attributes), weights[i], a, b], attributes);
    y = y ? add(y, part) : part;
  });
  return y!;
}
