import { gdcn, type GdcnOptions } from "../../models/mod.ts";
import { type Batch, concat, dense, embed, type Matrix, mlp, sigmoid, type Weights, zip } from "../reference/nn.ts";
import { AWKWARD_SHAPES, checkModel } from "./check_model.ts";

function reference(weights: Weights, batch: Batch, { dim = 0, structure }: GdcnOptions): Matrix {
  const x0 = embed(batch.ids, weights.embedding, dim);
  let x = x0;
  for (let l = 0; weights[`cross.${l}.weight`]; l++) {
    const [z, gate] = [dense(x, weights, `cross.${l}`), dense(x, weights, `cross.${l}.gate`)];
    x = zip((x0, x, z, gate) => x0 * z * sigmoid(gate) + x, x0, x, z, gate);
  }
  const parallel = structure === "parallel";
  const deep = mlp(parallel ? x0 : x, weights, "mlp", { batch, hiddenOnly: true });
  return dense(parallel ? concat(x, deep) : deep, weights, "top");
}

for (const shape of AWKWARD_SHAPES) {
  for (const structure of ["stacked", "parallel"] as const) {
    const options = { dim: shape.dim, layers: 2, hidden: [5, 3], structure };
    Deno.test(`gdcn ${structure} equals float64 for ${JSON.stringify(shape)}`, () =>
      checkModel(gdcn(options), shape, (weights, batch) => reference(weights, batch, options)));
  }
}
