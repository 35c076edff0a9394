import { lstm } from "../../../src/ops/sequence/lstm.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import { drawLengths } from "../../reference/history.ts";
import { lstm as reference } from "../../reference/lstm.ts";
import { checkOp } from "../../support.ts";

/** Batches, places and units that go wrong most easily. */
const SIZES = [[1, 1, 1], [37, 7, 5], [37, 20, 1], [67, 1, 17], [5, 7, 64], [5, 3, 33], [2, 2, 130]];

function check(
  [batch, places, units]: readonly number[],
  reverse: boolean,
  lengths = drawLengths(places),
  factor = 3,
): Promise<void> {
  return checkOp({
    inputs: { x: ["B", places, 4 * units], u: [units, 4 * units], lengths: ["B"] },
    ...{ integers: ["lengths"], batch, sampled: 40 },
    prepare: {
      lengths,
      x: (values) => values.map((value) => factor * value),
      u: (values) => values.map((value) => 2 * value / Math.sqrt(units)),
    },
    build: ({ x, u, lengths }) => lstm({ x, u, lengths }, { reverse }),
    reference: ({ x, u, lengths }) => reference({ batch, places, units }, reverse, { x, u, lengths }),
  });
}

for (const sizes of SIZES) {
  for (const reverse of [false, true]) {
    Deno.test(`states of lstm [${sizes.join(", ")}] match their reference${reverse ? " backwards" : ""}`, () =>
      check(sizes, reverse));
  }
}

Deno.test("lstm over histories that are all empty, or all full, matches its reference", async () => {
  for (const length of [0, 4]) await check([6, 4, 3], length === 0, (values) => values.map(() => length));
});

Deno.test("lstm does not overflow at large inputs", () => check([4, 3, 2], false, undefined, 300));

Deno.test("lstm refuses what does not fit", () => {
  const graph = new Graph("train");
  const [x, u, lengths] = [
    graph.input("x", ["B", 3, 12]),
    graph.input("u", [3, 12]),
    graph.input("lengths", ["B"], "u32"),
  ];
  assertThrows(() => lstm({ x, u: x, lengths }), TypeError, "weights must have shape [3, 12]");
  assertThrows(() => lstm({ x, u, lengths: x }), TypeError, "lengths must have shape [B] and type u32");
  const odd = graph.input("odd", ["B", 3, 13]);
  assertThrows(() => lstm({ x: odd, u, lengths }), RangeError, "4 times 1 to 256 units, received 13");
});
