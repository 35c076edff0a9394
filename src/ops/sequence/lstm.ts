/**
 * Long short-term memory over histories.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/lstm.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitProductGradients } from "../dense/matmul_kernels.ts";
import { placesOf, requireLengths, requireShape } from "./places.ts";

const kernels = shader("lstm", { grid, lstm: source });

/** Threads that a workgroup can have; each computes a unit of a row, so the most are the most units. */
const THREADS = [64, 128, 256] as const;

/** Units of a layer at most. */
const MOST_UNITS = THREADS[2];

/** In which order a layer reads the places of a history. */
export interface LstmOrder {
  /** Whether it goes from the latest place to the oldest. @default {false} */
  readonly reverse?: boolean;
}

/** Inputs x, U and lengths; outputs all states and, for the backward pass, those before each place, cells and gates. */
const lstmOp: Op<LstmOrder> = {
  name: "lstm",
  outputs: ([x, u, lengths]) => {
    const { places, width } = placesOf("lstm", x);
    const units = width / 4;
    if (!(Number.isInteger(units) && units <= MOST_UNITS)) {
      throw new RangeError(`Cannot build lstm: columns must be 4 times 1 to ${MOST_UNITS} units, received ${width}`);
    }
    requireShape("lstm", "weights", u, [units, width]);
    requireLengths("lstm", lengths);
    const states = ["B" as const, places, units];
    return [states, states, states, x.shape];
  },
  emit: (k, { inputs: [x, u, lengths], outputs: [states, previous, cells, gates], attributes }) =>
    emitScan(k, "forward", { x, u, lengths, states, previous, cells, gates }, attributes, { KEEPS: k.needed(gates) }),
  backward: ({ inputs: [, u, lengths], outputs: [, previous, cells, gates], attributes }, [dy]) =>
    dy ? applyAll(gradientOp, [u, lengths, previous, cells, gates, dy], attributes).slice(0, 2) : [],
};

/** Outputs the gradients of x and U. */
const gradientOp: Op<LstmOrder> = {
  name: "lstm_backward",
  outputs: ([u, , , , gates]) => [gates.shape, u.shape],
  emit: (k, { inputs: [u, lengths, previous, cells, gates, dy], outputs: [dx, du], attributes }) => {
    emitScan(k, "backward", { u, lengths, kept_cells: cells, kept_gates: gates, dy, dx }, attributes);
    emitProductGradients(k, { x: previous, weight: u, dz: dx, dx: undefined, dWeight: du, dBias: undefined });
  },
};

/** Appends the walk over all places of a batch. */
function emitScan(
  k: Emitter,
  entry: "forward" | "backward",
  bind: { readonly u: Tensor } & Readonly<Record<string, Tensor>>,
  { reverse = false }: LstmOrder,
  constants: Constants = {},
): void {
  const { places, width: units } = placesOf("lstm", bind.states ?? bind.dy);
  const threads = THREADS.find((count) => count >= units)!;
  const rows = Math.floor(threads / units);
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { ...constants, UNITS: units, ROWS: rows, THREADS: threads, REVERSE: reverse },
    params: { batch: k.batch, places },
    grid: Math.ceil(k.batch / rows),
    flops: 8 * k.batch * places * units * units,
  });
}

/** What a layer reads. */
export interface LstmInputs {
  /** Products of the inputs with their weights, biases included: the columns of i, f, g and o side by side, `[B, L, 4 H]`. */
  readonly x: Tensor;
  /** Weights of the states, `[H, 4 H]`. */
  readonly u: Tensor;
  /** Values of each history, `[B]`, u32. */
  readonly lengths: Tensor;
}

/**
 * Walks over the places of histories with long short-term memory, from h = c = 0:
 *
 *     i, f, o = sigmoid(x_i + h U_i), ..,  g = tanh(x_g + h U_g),  c' = f c + i g,  h' = o tanh(c')
 *
 * @returns the state after each place, `[B, L, H]`; 0 past the end of a history
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there are more than 256 units H
 */
export function lstm({ x, u, lengths }: LstmInputs, order: LstmOrder = {}): Tensor {
  return applyAll(lstmOp, [x, u, lengths], order)[0];
}
