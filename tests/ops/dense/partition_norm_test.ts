import { Graph, type Mode } from "../../../src/graph/graph.ts";
import { partitionNorm } from "../../../src/ops/dense/partition_norm.ts";
import { rowGroups } from "../../../src/ops/dense/row_groups.ts";
import { assertThrows } from "@std/assert";
import { partitionNorm as reference } from "../../reference/domains.ts";
import { checkOp } from "../../support.ts";

interface Case {
  batch: number;
  columns: number;
  count: number;
  rows?: number;
  absent?: number;
  mode?: Mode;
}

const CASES: Case[] = [
  { batch: 37, columns: 17, count: 3 },
  { batch: 60, columns: 4, count: 4, absent: 2 },
  { batch: 60, columns: 3, count: 2, rows: 31 },
  { batch: 150, columns: 2, count: 2 },
  { batch: 30, columns: 20, count: 3, mode: "predict" },
];

for (const sizes of CASES) {
  Deno.test(`partition_norm matches its reference and central differences: ${JSON.stringify(sizes)}`, () => {
    const { batch, columns, count, rows = batch, absent, mode } = sizes;
    const all = [count, columns];
    return checkOp({
      inputs: { x: ["B", columns], gain: all, bias: all, mean: all, variance: all, groups: ["B"] },
      ...{ batch, rows, mode, integers: ["groups"] },
      prepare: {
        variance: (values) => values.map((value) => 1.5 + value),
        groups: (values) =>
          values.map((value, b) => {
            const group = b < rows ? Math.floor((value + 1) / 2 * count) : 0;
            return group === absent ? 0 : group;
          }),
      },
      build: ({ x, gain, bias, mean, variance, groups }) =>
        partitionNorm(x, { weight: gain, bias }, { mean, variance }, rowGroups(groups, count)),
      reference: (values) => reference(values, { columns, rows, training: mode !== "predict" }),
      atol: 6e-6,
    });
  });
}

Deno.test("partition_norm refuses parameters of another size", () => {
  const graph = new Graph("train");
  const [x, two] = [graph.input("x", ["B", 4]), graph.input("two", [2, 4])];
  const groups = rowGroups(graph.input("groups", ["B"], "u32"), 3);
  const pair = { weight: two, bias: two };
  assertThrows(
    () => partitionNorm(x, pair, { mean: two, variance: two }, groups),
    TypeError,
    "parameters [3, 4], received [B, 4] and [2, 4]",
  );
});
