/**
 * Gated recurrent units over histories.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/gru.wgsl" with { type: "text" };
import attention from "../../../shaders/sequence/gru_attention.wgsl" with { type: "text" };
import attentionNone from "../../../shaders/sequence/gru_attention_none.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitProduct, emitProductGradients } from "../dense/matmul_kernels.ts";
import { placesOf, requireLengths, requireShape } from "./places.ts";

const plain = shader("gru", { grid, gru_attention_none: attentionNone, gru: source });
const attended = shader("gru", { grid, gru_attention: attention, gru: source });

/** Threads that a workgroup can have; each computes a unit of four rows, so the most are the most units. */
const THREADS = [64, 128, 256] as const;

/** Units of a layer at most. */
const MOST_UNITS = THREADS[2];

/** Numbers of workgroup memory for each thread: the states before and after a place, or the gradients of r, z, n and a. */
const THREAD_NUMBERS = { forward: 8, backward: 16 };

/** Bytes of workgroup memory that every device has. */
const WORKGROUP_BYTES = 16_384;

/** A unit that takes an attention weight at each place. */
export type AttentionalGruKind = "augru" | "agru";

/** Which unit it is. */
export type GruKind = "gru" | AttentionalGruKind;

const GATES: Readonly<Record<GruKind, number>> = { gru: 3, augru: 3, agru: 2 };

/** Returns the gates of a unit: r, z and n, or r and n. */
export function gatesOf(kind: GruKind): number {
  return GATES[kind];
}

/** Inputs x, U, c, lengths and, but for a GRU, a; outputs all states, the last ones, and those before each place. */
const gruOp: Op<GruKind> = {
  name: "gru",
  outputs: ([x, u, c, lengths, a], kind) => {
    const { places, width } = placesOf("gru", x);
    const units = width / gatesOf(kind);
    if (!(Number.isInteger(units) && units <= MOST_UNITS)) {
      throw new RangeError(
        `Cannot build ${kind}: columns must be ${gatesOf(kind)} times 1 to ${MOST_UNITS} units, received ${width}`,
      );
    }
    requireShape(kind, "weights", u, [units, width]);
    requireShape(kind, "biases", c, [width]);
    requireLengths(kind, lengths);
    if (a) requireShape(kind, "attention weights", a, ["B", places]);
    return [["B", places, units], ["B", units], ["B", places, units]];
  },
  emit: (k, { inputs: [x, u, c, lengths, a], outputs: [states, last, previous] }) =>
    emitScan(k, "forward", { x, weights: u, c, lengths, a, states, previous, last }, {
      WRITES_STATES: k.needed(states),
      WRITES_PREVIOUS: k.needed(previous),
      WRITES_LAST: k.needed(last),
    }),
  backward: ({ inputs: [x, u, c, lengths, a], outputs: [, , previous], attributes }, [dStates, dLast]) => {
    const dy = dStates && dLast ? apply(addLastOp, [dStates, dLast, lengths], null) : dStates ?? dLast;
    if (!dy) return [];
    const [dx, du, dc, da] = applyAll(gradientOp, [x, u, c, lengths, previous, dy, ...(a ? [a] : [])], attributes);
    return [dx, du, dc, undefined, da];
  },
};

/** Inputs x, U, c, lengths, the states before each place, the gradient of all states or of the last ones, and a. */
const gradientOp: Op<GruKind> = {
  name: "gru_backward",
  outputs: ([x, u, c, , , , a]) => [x.shape, u.shape, c.shape, ...(a ? [a.shape] : [])],
  emit: (k, { inputs: [x, u, c, lengths, before, dy, a], outputs: [dx, du, dc, da] }) => {
    const ds = k.scratch(x.shape);
    const turned = k.scratch(u.shape);
    emitProduct(k, before, u, ds, { bias: c });
    emitNumbers(k, "turn", before, { weights: u, y: turned }, turned);
    if (a) emitNumbers(k, "keep_attention", before, { a, da }, a);
    emitScan(k, "backward", { x, weights: turned, lengths, before, dy, dx, ds, da }, {
      FROM_LAST: dy.shape.length === 2,
    });
    emitProductGradients(k, { x: before, weight: u, dz: ds, dx: undefined, dWeight: du, dBias: dc });
  },
};

const addLastOp: Op<null> = {
  name: "gru_add_last",
  outputs: ([dStates]) => [dStates.shape],
  emit: (k, { inputs: [dy, dLast, lengths], outputs: [y] }) =>
    emitNumbers(k, "add_last", dy, { dy, d_last: dLast, lengths, y }, y),
};

/** Appends the walk over all places of a batch. */
function emitScan(
  k: Emitter,
  entry: "forward" | "backward",
  bind: { readonly x: Tensor; readonly weights: Tensor } & Record<string, Tensor | undefined>,
  constants: Constants,
): void {
  const { x, weights, a, da } = bind;
  const { places, width } = placesOf("gru", x);
  const weightCount = sizeOf(weights.shape, 1);
  const units = weightCount / width;
  const threads = THREADS.find((count) => count >= units)!;
  const quads = Math.floor(threads / units);
  const isResident = 4 * (weightCount + THREAD_NUMBERS[entry] * threads) <= WORKGROUP_BYTES;
  k.run({
    shader: a || da ? attended : plain,
    entry,
    bind,
    constants: {
      ...constants,
      UNITS: units,
      GATES: width / units,
      QUADS: quads,
      THREADS: threads,
      RESIDENT: isResident,
      KEPT: isResident ? weightCount : 1,
    },
    params: { batch: k.batch, places },
    grid: Math.ceil(k.batch / (4 * quads)),
    flops: 2 * k.batch * places * weightCount,
  });
}

/** Appends a kernel with an invocation for each number of `each`. */
function emitNumbers(
  k: Emitter,
  entry: "turn" | "add_last" | "keep_attention",
  states: Tensor,
  bind: Record<string, Tensor>,
  each: Tensor,
): void {
  const { places, width } = placesOf("gru", states);
  k.run({
    shader: bind.a ? attended : plain,
    entry,
    bind,
    constants: { UNITS: width, ...(entry === "turn" && { GATES: sizeOf(each.shape, 1) / width / width }) },
    params: { batch: k.batch, places },
    grid: Math.ceil(sizeOf(each.shape, k.batch) / 64),
  });
}

/** What a unit reads. */
export interface GruInputs {
  /** Products of the inputs with their weights, biases included: the columns of r, z and n side by side, `[B, L, 3 H]`. */
  readonly x: Tensor;
  /** Weights of the states, `[H, 3 H]`. */
  readonly u: Tensor;
  /** Biases of the states, `[3 H]`. */
  readonly c: Tensor;
  /** Values of each history, `[B]`, u32. */
  readonly lengths: Tensor;
  /** Attention weights `[B, L]`, which a plain GRU does not have. */
  readonly a?: Tensor;
}

/** States of a recurrent layer. */
export interface GruStates {
  /** State after each place, `[B, L, H]`; 0 past the end of a history. */
  readonly states: Tensor;
  /** State after the last place of each history, `[B, H]`; 0 where it is empty. */
  readonly last: Tensor;
}

/**
 * Walks over the places of histories with gated recurrent units, from h = 0:
 *
 *     r = sigmoid(x_r + h U_r + c_r),  z = sigmoid(x_z + h U_z + c_z),  n = tanh(x_n + r (h U_n + c_n))
 *     h' = h + s (n - h)  with s = 1 - z of a GRU, a z of an AUGRU, and a of an AGRU, which has no z
 *
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there are more than 256 units H
 */
export function gru({ x, u, c, lengths, a }: GruInputs, kind: GruKind): GruStates {
  if ((a !== undefined) !== (kind !== "gru")) {
    throw new TypeError(
      `Cannot build ${kind}: it must ${a ? "not " : ""}have attention weights, received ${a ? "some" : "none"}`,
    );
  }
  const [states, last] = applyAll(gruOp, [x, u, c, lengths, ...(a ? [a] : [])], kind);
  return { states, last };
}
