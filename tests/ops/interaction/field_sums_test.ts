import { Graph } from "../../../src/graph/graph.ts";
import {
  centerFields,
  fieldMean,
  fieldsBefore,
  fieldSum,
  shiftFields,
} from "../../../src/ops/interaction/field_sums.ts";
import { assertThrows } from "@std/assert";
import { fieldWeights } from "../../reference/field_sums.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[7, 6, 8], [5, 6, 17], [1, 1, 1], [9, 3, 10]]) {
  const label = `at batch ${batch}, ${fields} fields, D ${dim}`;
  const sizes = { fields, dim };
  const inputs = { x: ["B", fields, dim] as const };
  for (const groups of [1, 3].filter((count) => fields % count === 0)) {
    Deno.test(`sums of ${groups} groups of fields match the reference ${label}`, () =>
      checkOp({
        inputs,
        batch,
        build: ({ x }) => fieldSum(x, groups),
        reference: ({ x }) => fieldWeights(x, sizes, groups, (g, i) => Number(Math.floor(i / (fields / groups)) === g)),
      }));
  }
  Deno.test(`means of fields match the reference ${label}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ x }) => fieldMean(x),
      reference: ({ x }) => fieldWeights(x, sizes, 1, () => 1 / fields),
    }));
  Deno.test(`shifted fields match the reference ${label}`, () =>
    checkOp({
      inputs: { ...inputs, row: ["B", dim] },
      batch,
      build: ({ x, row }) => shiftFields(x, row),
      reference: ({ x, row }) => x.map((value, i) => value + row[Math.floor(i / (fields * dim)) * dim + i % dim]),
    }));
  Deno.test(`sums of earlier fields match the reference ${label}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ x }) => fieldsBefore(x),
      reference: ({ x }) => fieldWeights(x, sizes, fields, (f, i) => Number(i < f)),
    }));
  Deno.test(`centered fields match the reference ${label}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ x }) => centerFields(x),
      reference: ({ x }) => fieldWeights(x, sizes, fields, (f, i) => Number(f === i) - 1 / fields),
    }));
}

Deno.test("sums of fields refuse groups that do not divide the fields", () => {
  const graph = new Graph("train");
  assertThrows(() => fieldSum(graph.input("x", ["B", 5, 4]), 2), RangeError, "groups must divide 5 fields, received 2");
});

Deno.test("shiftFields refuses a row of another width", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 5, 4]);
  assertThrows(() => shiftFields(x, graph.input("row", ["B", 5])), TypeError, "shape [B, 4], received [B, 5]");
});
