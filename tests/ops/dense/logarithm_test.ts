import { Graph } from "../../../src/graph/graph.ts";
import { exponential, logarithm } from "../../../src/ops/dense/logarithm.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

Deno.test("logarithm takes logarithms of magnitudes and cuts small ones off", () =>
  checkOp({
    inputs: { x: ["B", 17] },
    batch: 37,
    build: ({ x }) => logarithm(x, 0.25),
    reference: ({ x }) => x.map((value) => Math.log(Math.max(Math.abs(value), 0.25))),
  }));

Deno.test("exponential and its gradient match the reference", () =>
  checkOp({
    inputs: { x: ["B", 3, 5] },
    batch: 37,
    build: ({ x }) => exponential(x),
    reference: ({ x }) => x.map(Math.exp),
  }));

Deno.test("logarithm refuses a least magnitude of 0", () => {
  const x = new Graph("train").input("x", ["B", 3]);
  assertThrows(() => logarithm(x, 0), RangeError, "the least must be positive, received 0");
});
