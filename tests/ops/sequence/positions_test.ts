import { Graph } from "../../../src/graph/graph.ts";
import { type PositionOptions, positions } from "../../../src/ops/sequence/positions.ts";
import { assertThrows } from "@std/assert";
import { drawLengths, positions as reference } from "../../reference/history.ts";
import { checkOp } from "../../support.ts";

const CASES: [PositionOptions, number, number, number, number][] = [
  [{}, 1, 1, 1, 1],
  [{}, 70, 5, 3, 3],
  [{}, 300, 2, 2, 2],
  [{ from: "latest" }, 7, 5, 4, 4],
  [{ from: "latest", targets: 1 }, 37, 6, 2, 2],
  [{ apart: true, targets: 1 }, 7, 6, 5, 3],
  [{ apart: true, from: "latest" }, 33, 4, 1, 2],
];

for (const [options, batch, places, width, own] of CASES) {
  const name = JSON.stringify(options);
  Deno.test(`positions ${name} of [${batch}, ${places}, ${width}] match their reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", places, width], p: [places, own], lengths: ["B"] },
      ...{ integers: ["lengths"], batch },
      prepare: { lengths: drawLengths(places - (options.targets ?? 0)) },
      build: ({ x, p, lengths }) => positions(x, p, lengths, options),
      reference: ({ x, p, lengths }) => reference({ batch, places, width }, options, x, p, lengths),
    }));
}

Deno.test("positions refuse vectors of another number or width", () => {
  const graph = new Graph("train");
  const [x, lengths, p] = [
    graph.input("x", ["B", 4, 3]),
    graph.input("lengths", ["B"], "u32"),
    graph.input("p", [4, 2]),
  ];
  assertThrows(() => positions(x, p, lengths), TypeError, "shape [4, 3], received [4, 2]");
  assertThrows(() => positions(x, x, lengths, { apart: true }), TypeError, "shape [4, P], received [B, 4, 3]");
});
