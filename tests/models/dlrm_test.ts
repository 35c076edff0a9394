import { dlrm, type DlrmOptions } from "../../models/mod.ts";
import { Graph } from "../../src/graph/graph.ts";
import { numbers } from "../../src/layers/mod.ts";
import { assertThrows } from "@std/assert";
import { type Batch, concat, embed, type Matrix, mlp, type Weights } from "../reference/nn.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

/** Rows of a categorical field; those of a numeric one are the number's and one for missing numbers. */
const ROWS = 4;

function reference(weights: Weights, batch: Batch, shape: ModelShape, { interaction }: DlrmOptions): Matrix {
  const { fields, dim, numeric = 0 } = shape;
  const parts: Matrix[] = [];
  if (numeric > 0) {
    const given = batch.ids.map((ids, b) =>
      Float64Array.from({ length: numeric }, (_, i) => {
        const present = ids[fields + i] === ROWS * fields + 2 * i;
        return present ? batch.values![b][fields + i] : 0;
      })
    );
    parts.push(mlp(given, weights, "bottom", { batch, hiddenOnly: true }));
  }
  if (fields > 0) parts.push(embed(batch.ids.map((ids) => ids.slice(0, fields)), weights.embedding, dim));
  const all = concat(...parts);
  if (interaction === "cat") return mlp(all, weights, "mlp", { batch });
  const dots = all.map((row) => {
    const vectors = Array.from({ length: row.length / dim }, (_, i) => row.subarray(i * dim, i * dim + dim));
    const pairs = vectors.flatMap((v, i) =>
      vectors.slice(i + 1).map((w) => v.reduce((sum, n, d) => sum + n * w[d], 0))
    );
    return Float64Array.from(pairs);
  });
  return mlp(numeric > 0 ? concat(parts[0], dots) : dots, weights, "mlp", { batch });
}

const SHAPES: readonly ModelShape[] = [
  { fields: 1, numeric: 1, dim: 1, rows: 1 },
  { fields: 3, dim: 4, rows: 37 },
  { fields: 2, numeric: 3, dim: 17, rows: 5 },
];

for (const shape of SHAPES) {
  for (const interaction of ["dot", "cat"] as const) {
    const options = { dim: shape.dim, bottom: [3], hidden: [5, 3], interaction };
    Deno.test(`dlrm with interaction ${interaction} equals float64 for ${JSON.stringify(shape)}`, () =>
      checkModel(dlrm(options), shape, (weights, batch) => reference(weights, batch, shape, options)));
  }
}

Deno.test("numbers of a field that has none are refused", () => {
  const graph = new Graph("train");
  const fields = [{ name: "a", rows: 3, offset: 0 }];
  const x = {
    graph,
    ids: graph.input("ids", [1, "B"], "u32"),
    values: undefined,
    fields,
    rowCount: 3,
    tasks: ["label"],
  };
  assertThrows(() => numbers(x, ["a"]), RangeError, 'must be numeric, received "a"');
});
