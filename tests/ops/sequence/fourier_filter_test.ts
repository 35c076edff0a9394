import { fourierFilter } from "../../../src/ops/sequence/fourier_filter.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import { fourierFilter as reference } from "../../reference/fourier_filter.ts";
import { drawLengths } from "../../reference/history.ts";
import { checkOp } from "../../support.ts";

const integers = ["lengths"];

/** Batches, histories of a row, places and columns: of one place, of even and odd numbers of places, of many columns. */
const SIZES = [[1, 1, 1, 1], [37, 1, 7, 5], [9, 3, 4, 2], [5, 2, 50, 3], [3, 3, 2, 17], [3, 1, 9, 70], [6, 2, 10, 24]];

for (const [batch, lists, places, width] of SIZES) {
  Deno.test(`a filter of ${lists} histories [${batch}, ${places}, ${width}] matches its reference`, () =>
    checkOp({
      inputs: { x: ["B", lists * places, width], lengths: lists === 1 ? ["B"] : ["B", lists], w: [lists, 2, width] },
      ...{ integers, batch, sampled: 60 },
      prepare: { lengths: drawLengths(places) },
      build: ({ x, lengths, w }) => fourierFilter(x, lengths, w),
      reference: ({ x, lengths, w }) => reference({ batch: batch * lists, places, width }, lists, x, lengths, w),
    }));
}

Deno.test("a filter of histories refuses what does not fit", () => {
  const graph = new Graph("train");
  const [x, lengths] = [graph.input("x", ["B", 6, 4]), graph.input("lengths", ["B", 3], "u32")];
  const refused = [1, 3].map((lists) => graph.input(`w${lists}`, [lists, 2, 4]));
  assertThrows(() => fourierFilter(x, lengths, refused[0]), TypeError, "weights must have shape [3, 2, 4]");
  assertThrows(() => fourierFilter(x, x, refused[1]), TypeError, "lengths must have shape [B]");
  const long = graph.input("long", ["B", 4097, 4]);
  const all = graph.input("all", ["B"], "u32");
  assertThrows(() => fourierFilter(long, all, refused[0]), RangeError, "4096 places or fewer, received 4097");
});
