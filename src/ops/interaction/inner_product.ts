/**
 * Inner products of all pairs of fields, plain or weighted, each on its own or summed.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/pair_product.wgsl" with { type: "text" };
import backwardSource from "../../../shaders/interaction/pair_product_backward.wgsl" with { type: "text" };
import slicesSource from "../../../shaders/interaction/pair_product_slices.wgsl" with { type: "text" };
import fieldRows from "../../../shaders/interaction/field_rows.wgsl" with { type: "text" };
import rowsSource from "../../../shaders/interaction/pair_product_rows.wgsl" with { type: "text" };
import type { Constants } from "../../gpu/shader.ts";
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitMergedColumns } from "../dense/column_sums.ts";
import { lanesOf } from "../shape/lane.ts";
import { pairSizes } from "./pairs.ts";

/** Slices of the batch over which the gradient of the strengths is first summed; fixed, so that bits do not change. */
const SLICES = 64;

/** Slices on GPUs at most, rows of one at least, and threads that keep a GPU busy. */
const MOST_SLICES = 256;
const SLICE_ROWS = 8;
const BUSY_THREADS = 32_768;

/** Sizes of the op and what becomes of the products. */
interface PairAttributes {
  readonly fields: number;
  readonly dim: number;
  readonly pairs: number;
  /** Whether the products of a sample are summed. */
  readonly summed: boolean;
}

/** A kernel of the op by blocks of four fields, and what others need to compute the same. */
interface PairTask {
  readonly attributes: PairAttributes;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly strengths: Tensor | undefined;
  /** Invocations by blocks. */
  readonly invocations: number;
}

/** Sizes that the choice of a kernel depends on. */
interface PairProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
  readonly byLane: boolean;
}

/** Time of an operation where a thread holds a row of lanes, where one by blocks of four fields takes 1. */
const ROWS = { gpu: 0.3, software: 8 };

function pairKernel(name: string, entry: string): Kernel<PairTask, PairProblem> {
  const flops = ({ batch, fields, dim }: PairProblem): number => batch * fields * (fields - 1) * dim;
  return {
    name,
    problem: ({ batch }, { attributes: { fields, dim, pairs }, strengths }) => {
      return { batch, fields, dim, byLane: isByLane(strengths, pairs) };
    },
    variants: [
      {
        name: "blocks",
        fits: () => true,
        cost: (_, problem) => flops(problem),
        emit: (k, { attributes, bind, strengths, invocations }) => {
          emit(k, attributes, entry, bind, strengths, invocations);
        },
      },
      {
        name: "registers",
        fits: (_, { dim, byLane }) => !byLane && lanesOf(dim).count <= 4,
        cost: (profile, problem) => costOn(profile, flops(problem), ROWS),
        emit: (k, { attributes, bind, strengths }) => emitRows(k, attributes, entry, bind, strengths !== undefined),
      },
    ],
  };
}

/** The products. */
const eachKernel = pairKernel("inner_product", "each");

/** The gradient by the fields. */
const backwardKernel = pairKernel("inner_product_backward", "backward");

function isByLane(strengths: Tensor | undefined, pairs: number): boolean {
  return strengths !== undefined && widthOf(strengths.shape) > pairs;
}

/** Returns the blocks of four fields. */
function blocksOf(fields: number): number {
  return Math.ceil(fields / 4);
}

const innerProductOp: Op<PairAttributes> = {
  name: "innerProduct",
  outputs: (_, { pairs, summed }) => [["B", summed ? 1 : pairs]],
  emit: (k, { inputs: [e, strengths], outputs: [q], attributes }) => {
    const rows = k.batch * blocksOf(attributes.fields);
    const bind = { e, strength: strengths ?? e };
    if (!attributes.summed) {
      return emitKernel(k, eachKernel, { attributes, bind: { ...bind, q }, strengths, invocations: rows });
    }
    const part = k.scratch(["B", blocksOf(attributes.fields)]);
    emit(k, attributes, "block_sums", { ...bind, q: part }, strengths, rows);
    emit(k, attributes, "row_sums", { part, q }, strengths, k.batch);
  },
  backward: ({ inputs: [e, strengths], attributes }, [dq]) => {
    if (!dq) return [];
    const de = apply(backwardOp, strengths ? [e, dq, strengths] : [e, dq], attributes);
    return [de, strengths && apply(strengthsOp, [e, dq, strengths], attributes)];
  },
};

const backwardOp: Op<PairAttributes> = {
  name: "innerProductBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, dq, strengths], outputs: [de], attributes }) => {
    const { fields, dim } = attributes;
    const invocations = k.batch * blocksOf(fields) * Math.ceil(lanesOf(dim).count / 4);
    const bind = { e, dq, strength: strengths ?? e, de };
    emitKernel(k, backwardKernel, { attributes, bind, strengths, invocations });
  },
};

const strengthsOp: Op<PairAttributes> = {
  name: "innerProductStrengths",
  outputs: ([, , strengths]) => [strengths.shape],
  emit: (k, { inputs: [e, dq, strengths], outputs: [ds], attributes }) =>
    emitKernel(k, strengthsKernel, { e, dq, strengths, ds, attributes }),
};

interface Strengths {
  readonly e: Tensor;
  readonly dq: Tensor;
  readonly strengths: Tensor;
  readonly ds: Tensor;
  readonly attributes: PairAttributes;
}

interface StrengthsProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
  /** Whether strengths are vectors. */
  readonly byLane: boolean;
}

const productSize = ({ batch, fields, dim }: StrengthsProblem): number => batch * fields * fields * dim;

/** The gradient of strengths. On GPUs blocks of pairs are held in registers over more slices of the batch. */
const strengthsKernel: Kernel<Strengths, StrengthsProblem> = {
  name: "pair_product_strengths",
  problem: ({ batch }, { strengths, attributes: { fields, dim, pairs } }) => {
    return { batch, fields, dim, byLane: widthOf(strengths.shape) > pairs };
  },
  variants: [
    {
      name: "slices",
      fits: () => true,
      cost: (profile, problem) => costOn(profile, productSize(problem), { gpu: 2, software: 1 }),
      emit: emitSlices,
    },
    gpuVariant("blocks", productSize, emitSliceBlocks),
  ],
};

function emitSlices(k: Emitter, { e, dq, strengths, ds, attributes }: Strengths, { byLane }: StrengthsProblem): void {
  const { fields, dim, pairs } = attributes;
  const partial = k.scratch([SLICES, pairs * Math.max(lanesOf(dim).width, widthOf(strengths.shape) / pairs)]);
  const lanes = byLane ? lanesOf(dim).count : 1;
  const width = pairs * lanes;
  emit(k, attributes, "slices", { e, dq, partial }, strengths, SLICES * blocksOf(fields) ** 2 * lanes);
  const [entry, binding] = byLane ? ["strengths_by_lane", "dvector"] : ["strengths", "dnumber"];
  emit(k, attributes, entry, { slice: partial, [binding]: ds }, strengths, width);
}

function emitSliceBlocks(k: Emitter, task: Strengths, { byLane }: StrengthsProblem): void {
  const { e, dq, strengths, ds, attributes } = task;
  const blocks = blocksOf(attributes.fields);
  const invocations = blocks * (blocks + 1) / 2 * (byLane ? lanesOf(attributes.dim).count : 1);
  const slices = Math.min(MOST_SLICES, Math.ceil(k.batch / SLICE_ROWS), Math.ceil(BUSY_THREADS / invocations));
  const columns = widthOf(strengths.shape);
  const sums = slices === 1 ? ds : k.scratch([slices, columns]);
  const [entry, binding] = byLane ? ["lane_slices", "partial"] : ["number_slices", "dnumber"];
  const more = { parts: { pair_product_slices: slicesSource }, constants: { SLICES: slices } };
  emit(k, attributes, entry, { e, dq, [binding]: sums }, strengths, slices * invocations, more);
  if (slices > 1) emitMergedColumns(k, sums, { splits: slices, columns, y: ds });
}

function emit(
  k: Emitter,
  attributes: PairAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  strengths: Tensor | undefined,
  invocations: number,
  more: { readonly parts?: Readonly<Record<string, string>>; readonly constants?: Constants } = {},
): void {
  const { fields, dim, pairs, summed } = attributes;
  const lanes = lanesOf(dim);
  const byLane = isByLane(strengths, pairs);
  const constants: Constants = {
    LANES: lanes.count,
    STRENGTH_LANES: byLane ? lanes.count : 1,
    HAS_STRENGTHS: strengths !== undefined,
    SUMMED: summed,
    SLICES,
    Strength: byLane ? "Lane" : "f32",
    ...more.constants,
  };
  k.run({
    shader: shader("pair_product", {
      grid,
      ...lanes.part,
      pair_product: source,
      ...(more.parts ?? { pair_product_backward: backwardSource }),
      pair_order: order,
    }),
    entry,
    bind,
    constants,
    params: { batch: k.batch, fields },
    grid: Math.ceil(invocations / 64),
  });
}

function emitRows(
  k: Emitter,
  { fields, dim, summed }: PairAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  hasStrengths: boolean,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("pair_product", {
      grid,
      ...lanes.part,
      field_rows: fieldRows,
      pair_product_rows: rowsSource,
      pair_order: order,
    }),
    entry,
    bind,
    constants: { LANES: lanes.count, HAS_STRENGTHS: hasStrengths, SUMMED: summed },
    params: { batch: k.batch, fields },
    grid: Math.ceil(k.batch * fields / 64),
  });
}

function build(op: string, e: Tensor, strengths: Tensor | undefined, summed: boolean): Tensor {
  const { fields, dim, pairs } = pairSizes(op, e);
  const width = strengths && widthOf(strengths.shape);
  if (strengths && (strengths.shape.includes("B") || (width !== pairs && width !== pairs * dim))) {
    throw new TypeError(
      `Cannot build ${op}: strengths must have shape [${pairs}] or [${pairs}, ${dim}], received ${
        formatShape(strengths.shape)
      }`,
    );
  }
  return apply(innerProductOp, strengths ? [e, strengths] : [e], { fields, dim, pairs, summed });
}

/**
 * Multiplies all pairs of fields: q[b, p] = sum_d s_p[d] e[b, i, d] e[b, j, d] for the p-th pair i < j.
 *
 * @param e embeddings `[B, F, D]`
 * @param strengths s: numbers `[P]` (or `[P, 1]`) or vectors `[P, D]`, with P = F (F - 1) / 2; all are 1 when absent
 * @returns `[B, P]`, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function innerProduct(e: Tensor, strengths?: Tensor): Tensor {
  return build("innerProduct", e, strengths, false);
}

/**
 * Sums the weighted products of all pairs of fields: y[b] = sum_{i<j} sum_d s_p[d] e[b, i, d] e[b, j, d].
 *
 * @param e embeddings `[B, F, D]`
 * @param strengths s: numbers `[P]` (or `[P, 1]`) or vectors `[P, D]`, with P = F (F - 1) / 2
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function pairSum(e: Tensor, strengths: Tensor): Tensor {
  return build("pairSum", e, strengths, true);
}
