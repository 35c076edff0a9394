import { Graph } from "../../../src/graph/graph.ts";
import { regulateFields } from "../../../src/ops/interaction/regulate.ts";
import { assertThrows } from "@std/assert";
import { regulateReference } from "../../reference/regulate.ts";
import { checkOp } from "../../support.ts";

for (
  const [batch, fields, dim, factor] of [[37, 5, 4, 0.5], [5, 70, 3, 2], [1, 1, 1, 1], [9, 3, 10, 1], [18, 9, 4, 1]]
) {
  Deno.test(`${fields} regulated fields of width ${dim} match their reference at batch ${batch}`, () =>
    checkOp({
      inputs: { x: ["B", fields * dim], z: [1, fields] },
      batch,
      rows: Math.max(1, batch - 1),
      build: ({ x, z }) => regulateFields(x, z, factor).y,
      reference: ({ x, z }) => regulateReference(x, z, dim, factor),
    }));
}

Deno.test("gates that are not one for each field are refused", () => {
  const graph = new Graph("train");
  const [x, z] = [graph.input("x", ["B", 8]), graph.input("z", [1, 3])];
  assertThrows(() => regulateFields(x, z, 1), TypeError, "shapes [B, F D] and [1, F], received [B, 8] and [1, 3]");
});
