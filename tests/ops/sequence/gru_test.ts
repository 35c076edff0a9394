import { gru, type GruKind, type GruStates } from "../../../src/ops/sequence/gru.ts";
import { concat } from "../../../src/ops/shape/concat.ts";
import { flatten } from "../../../src/ops/shape/reshape.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { assertThrows } from "@std/assert";
import { gru as gruReference } from "../../reference/gru.ts";
import { drawLengths } from "../../reference/history.ts";
import { checkOp } from "../../support.ts";

/** Batches, places and units that go wrong most easily. */
const SIZES = [[1, 1, 1], [37, 7, 5], [37, 50, 1], [37, 1, 17], [5, 7, 64], [5, 3, 33], [2, 2, 130]];

/** Numbers of each input whose gradient is compared; each costs two runs of the reference. */
const SAMPLED = 40;

const GATES = { gru: 3, augru: 3, agru: 2 };

function check(
  kind: GruKind,
  [batch, places, units]: readonly number[],
  build: (states: GruStates) => Tensor,
  expected: (numbers: { states: Float64Array; last: Float64Array }) => Float64Array,
  lengths = drawLengths(places),
): Promise<void> {
  const columns = GATES[kind] * units;
  return checkOp({
    inputs: {
      x: ["B", places, columns],
      u: [units, columns],
      c: [columns],
      lengths: ["B"],
      ...(kind !== "gru" && { a: ["B", places] as const }),
    },
    integers: ["lengths"],
    batch,
    sampled: SAMPLED,
    prepare: {
      lengths,
      x: (values) => values.map((value) => 3 * value),
      u: (values) => values.map((value) => 2 * value / Math.sqrt(units)),
      a: (values) => values.map((value) => 0.5 + 0.5 * value),
    },
    build: ({ x, u, c, lengths, a }) => build(gru({ x, u, c, lengths, a }, kind)),
    reference: ({ x, u, c, lengths, a }) => expected(gruReference({ batch, places, units }, { x, u, c, lengths, a })),
  });
}

for (const sizes of SIZES) {
  for (const kind of ["gru", "augru", "agru"] as const) {
    const shape = `[${sizes.join(", ")}]`;
    Deno.test(`all states of ${kind} ${shape} match their reference and central differences`, () =>
      check(kind, sizes, ({ states }) => states, ({ states }) => states));
    Deno.test(`the last states of ${kind} ${shape} match their reference and central differences`, () =>
      check(kind, sizes, ({ last }) => last, ({ last }) => last));
  }
}

/** Puts the states of all places and the last ones side by side, row by row. */
function beside(batch: number, states: Float64Array, last: Float64Array): Float64Array {
  const [width, units] = [states.length / batch, last.length / batch];
  const row = (
    b: number,
  ) => [...states.subarray(b * width, (b + 1) * width), ...last.subarray(b * units, (b + 1) * units)];
  return Float64Array.from(Array.from({ length: batch }, (_, b) => row(b)).flat());
}

Deno.test("a gru whose states are read in both ways adds both gradients", () =>
  check(
    "gru",
    [6, 4, 3],
    ({ states, last }) => concat(flatten(states), last),
    ({ states, last }) => beside(6, states, last),
  ));

Deno.test("histories that are all empty, or all full, match their reference", async () => {
  for (const length of [0, 4]) {
    const lengths = (values: Float64Array) => values.map(() => length);
    await check("augru", [6, 4, 3], ({ states }) => states, ({ states }) => states, lengths);
    await check("gru", [6, 4, 3], ({ last }) => last, ({ last }) => last, lengths);
  }
});

Deno.test("a gru does not overflow at large inputs", () =>
  checkOp({
    inputs: { x: ["B", 2, 3], u: [1, 3], c: [3], lengths: ["B"] },
    integers: ["lengths"],
    batch: 2,
    prepare: {
      x: () => Float64Array.of(200, -200, 300, 90, 95, -300, 1, 200, 1, -200, 0, 2),
      lengths: () => Float64Array.of(2, 2),
    },
    build: ({ x, u, c, lengths }) => gru({ x, u, c, lengths }, "gru").states,
    reference: ({ x, u, c, lengths }) => gruReference({ batch: 2, places: 2, units: 1 }, { x, u, c, lengths }).states,
  }));

Deno.test("recurrent units refuse what does not fit", () => {
  const graph = new Graph("train");
  const [x, u, c] = [graph.input("x", ["B", 3, 12]), graph.input("u", [4, 12]), graph.input("c", [12])];
  const [lengths, a] = [graph.input("lengths", ["B"], "u32"), graph.input("a", ["B", 3])];
  assertThrows(() => gru({ x, u, c, lengths, a }, "gru"), TypeError, "must not have attention weights, received some");
  assertThrows(() => gru({ x, u, c, lengths }, "augru"), TypeError, "must have attention weights, received none");
  assertThrows(() => gru({ x, u: c, c, lengths }, "gru"), TypeError, "weights must have shape [4, 12], received [12]");
  assertThrows(() => gru({ x, u, c: u, lengths }, "gru"), TypeError, "biases must have shape [12], received [4, 12]");
  assertThrows(() => gru({ x, u, c, lengths, a: x }, "agru"), TypeError, "weights must have shape [6, 12]");
  const odd = graph.input("odd", ["B", 3, 13]);
  assertThrows(() => gru({ x: odd, u, c, lengths }, "gru"), RangeError, "3 times 1 to 256 units, received 13");
});
