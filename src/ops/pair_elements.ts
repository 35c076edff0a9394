/**
 * Element products of pairs of fields, some pairs at a time, and tensors cut along their first dimension.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/pair_elements.wgsl" with { type: "text" };
import order from "../../shaders/pair_order.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Shape, type Tensor, widthOf } from "../graph/tensor.ts";
import { lanesOf, spanOf } from "./lane.ts";
import { pairSizes } from "./pairs.ts";

/** Which pairs of fields take part. */
export interface PairRange {
  /** First pair. */
  readonly first: number;
  /** Number of pairs. */
  readonly pairs: number;
}

interface ElementAttributes extends PairRange {
  readonly fields: number;
  readonly dim: number;
}

const elementsOp: Op<ElementAttributes> = {
  name: "pairElements",
  outputs: (_, { pairs, dim }) => [["B", pairs * dim]],
  emit: (k, { inputs: [u, x], outputs: [r], attributes }) => {
    emit(k, attributes, "products", { u, x, r }, k.batch * attributes.pairs);
  },
  backward: ({ inputs: [u, x], attributes }, [dr]) => dr ? applyAll(backwardOp, [u, x, dr], attributes) : [],
};

const backwardOp: Op<ElementAttributes> = {
  name: "pairElementsBackward",
  outputs: ([u, x]) => [u.shape, x.shape],
  emit: (k, { inputs: [u, x, dr], outputs: [du, dx], attributes }) => {
    emit(k, attributes, "backward", { u, x, dr, du, dx }, k.batch * attributes.fields);
  },
};

function emit(
  k: Emitter,
  { fields, dim, first, pairs }: ElementAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  rows: number,
): void {
  const lanes = lanesOf(dim);
  const span = spanOf(k.gpu.adapter.software, lanes.count);
  k.run({
    shader: shader("pair_elements", { grid, ...lanes.part, pair_elements: source, pair_order: order }),
    entry,
    bind,
    constants: { LANES: lanes.count, SPAN: span },
    params: { batch: k.batch, fields, first, pairs, from_lane: 0, to: 0, size: 0 },
    grid: Math.ceil(rows * Math.ceil(lanes.count / span) / 64),
  });
}

/**
 * Multiplies pairs of fields by element: r[b, p, :] = u[b, i, :] x[b, j, :] for the pairs i < j of a range.
 *
 * @param u left factors `[B, F, D]`
 * @param x right factors `[B, F, D]`
 * @param range all pairs by default
 * @returns `[B, pairs D]`, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @throws {TypeError} when the shapes are not equal or not `[B, F, D]`
 * @throws {RangeError} when there are less than two fields or not as many pairs
 */
export function pairElements(u: Tensor, x: Tensor, range?: PairRange): Tensor {
  const { fields, dim, pairs: all } = pairSizes("pairElements", u);
  if (u.shape.join() !== x.shape.join()) {
    throw new TypeError(
      `Cannot build pairElements: x must have shape ${formatShape(u.shape)}, received ${formatShape(x.shape)}`,
    );
  }
  const { first, pairs } = range ?? { first: 0, pairs: all };
  if (!(first >= 0 && first + pairs <= all)) {
    throw new RangeError(`Cannot build pairElements: pairs must end at ${all}, received ${first} to ${first + pairs}`);
  }
  return apply(elementsOp, [u, x], { fields, dim, first, pairs });
}

const splitOp: Op<readonly number[]> = {
  name: "splitFirst",
  outputs: ([w], counts) => counts.map((count): Shape => [count, ...w.shape.slice(1)]),
  emit: (k, { inputs: [w], outputs, attributes: counts }) => {
    let first = 0;
    outputs.forEach((y, i) => {
      emitCopy(k, w, y, first, 0, counts[i]);
      first += counts[i];
    });
  },
  backward: ({ inputs: [w], outputs }, dOutputs) => {
    const parts = dOutputs.filter((part) => part !== undefined);
    if (parts.length !== outputs.length) {
      throw new TypeError("Cannot differentiate splitFirst: all of its outputs must have a gradient");
    }
    return [apply(joinOp, parts, w.shape)];
  },
};

const joinOp: Op<Shape> = {
  name: "joinFirst",
  outputs: (_, shape) => [shape],
  emit: (k, { inputs, outputs: [y] }) => {
    let first = 0;
    for (const part of inputs) {
      const count = part.shape[0] as number;
      emitCopy(k, part, y, 0, first, count);
      first += count;
    }
  },
};

/** Appends the copy of `count` slices of `w`, from number `start` on, to `y`, from number `target` on. */
function emitCopy(k: Emitter, w: Tensor, y: Tensor, start: number, target: number, count: number): void {
  const lanes = lanesOf(widthOf(w.shape.slice(1)));
  const size = count * lanes.count;
  k.run({
    shader: shader("pair_elements", { grid, ...lanes.part, pair_elements: source, pair_order: order }),
    entry: "copy",
    bind: { w, y },
    params: {
      batch: 0,
      fields: 0,
      first: 0,
      pairs: 0,
      from_lane: start * lanes.count,
      to: target * lanes.count,
      size,
    },
    grid: Math.ceil(size / 64),
  });
}

/**
 * Cuts a tensor along its first dimension.
 *
 * @param w `[N, ...]`, without a batch
 * @param counts sizes of the parts, N together
 * @returns parts `[counts_i, ...]`
 * @throws {TypeError} when the counts do not add up to N
 */
export function splitFirst(w: Tensor, counts: readonly number[]): readonly Tensor[] {
  const sum = counts.reduce((total, count) => total + count, 0);
  if (w.shape[0] !== sum || w.shape.includes("B")) {
    throw new TypeError(`Cannot build splitFirst: parts must fill ${formatShape(w.shape)}, received ${counts}`);
  }
  return counts.length === 1 ? [w] : applyAll(splitOp, [w], counts);
}
