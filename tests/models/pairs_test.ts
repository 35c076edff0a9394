import { ffm, fmfm, fnn, fwfm, hofm, nfm } from "../../models/mod.ts";
import { ffmReference } from "../reference/ffm.ts";
import { fmReference } from "../reference/fm.ts";
import { type Batch, concat, dense, embed, map, type Matrix, mlp, plus, type Weights } from "../reference/nn.ts";
import { biInteractionReference, groupSums, innerProductReference } from "../reference/pairs.ts";
import { thirdOrderReference } from "../reference/third_order.ts";
import { AWKWARD_SHAPES, checkModel } from "./check_model.ts";

const hidden = [5, 3];

/** Shapes with a pair of fields. */
const PAIR_SHAPES = [...AWKWARD_SHAPES.filter(({ fields }) => fields > 1), { fields: 2, dim: 1, rows: 1 }];

/** Applies a reference over flat embeddings [B, F D] to rows, giving rows. */
function rowwise(x: Matrix, f: (row: Float64Array) => Float64Array): Matrix {
  return x.map((row) => Float64Array.from(f(row)));
}

function linear({ ids }: Batch, weights: Weights): Matrix {
  const bias = weights["linear.bias"]?.[0] ?? 0;
  return rowwise(embed(ids, weights.linear, 1), (row) => Float64Array.of(row.reduce((sum, w) => sum + w, bias)));
}

for (const shape of AWKWARD_SHAPES) {
  const { fields, dim } = shape;
  const name = JSON.stringify(shape);

  for (const shareEmbedding of [false, true]) {
    Deno.test(`hofm equals float64 for ${name}, ${shareEmbedding ? "one table" : "two tables"}`, () =>
      checkModel(hofm({ dim, shareEmbedding }), shape, (weights, batch) => {
        const e = embed(batch.ids, weights.embedding, dim);
        const third = shareEmbedding ? e : embed(batch.ids, weights.embedding3, dim);
        return plus(
          linear(batch, weights),
          rowwise(e, (row) => fmReference(row, fields, dim)),
          rowwise(third, (row) => thirdOrderReference(row, fields, dim)),
        );
      }));
  }

  Deno.test(`fnn equals float64 for ${name}`, () =>
    checkModel(fnn({ dim, hidden }), shape, (weights, batch) => {
      const x = concat(embed(batch.ids, weights.linear, 1), embed(batch.ids, weights.embedding, dim));
      const hidden = ["mlp.0", "mlp.1"].reduce((h, name) => map(dense(h, weights, name), Math.tanh), x);
      return dense(hidden, weights, "mlp.2");
    }));

  Deno.test(`nfm equals float64 for ${name}`, () =>
    checkModel(nfm({ dim, hidden }), shape, (weights, batch) => {
      const e = embed(batch.ids, weights.embedding, dim);
      const pooled = rowwise(e, (row) => biInteractionReference(row, fields, dim));
      return plus(linear(batch, weights), mlp(pooled, weights, "mlp", { batch }));
    }));
}

for (const shape of PAIR_SHAPES) {
  const { fields, dim } = shape;
  const name = JSON.stringify(shape);

  Deno.test(`instance-normalized ffm equals float64 for ${name}`, () =>
    checkModel(ffm({ dim, instanceNorm: true }), shape, (weights, batch) => {
      const v = embed(batch.ids, weights.ffm, (fields - 1) * dim);
      return rowwise(v, (row) => ffmReference(row, fields, dim).map((y) => y / fields));
    }));

  Deno.test(`fwfm with a linear vector per value equals float64 for ${name}`, () =>
    checkModel(fwfm({ dim, linearType: "FeLV" }), shape, (weights, batch) => {
      const [e, w] = [weights.embedding, weights.linear].map((table) => embed(batch.ids, table, dim));
      return rowwise(
        e,
        (row) => groupSums(innerProductReference(row, fields, dim, weights["fwfm.weight"]), fields * (fields - 1) / 2),
      )
        .map(([second], b) =>
          Float64Array.of(second + weights["fwfm.bias"][0] + e[b].reduce((sum, value, i) => sum + value * w[b][i], 0))
        );
    }));

  Deno.test(`fmfm with vectors equals float64 for ${name}`, () =>
    checkModel(fmfm({ dim, interaction: "vectorized" }), shape, (weights, batch) => {
      const e = embed(batch.ids, weights.embedding, dim);
      const pairs = fields * (fields - 1) / 2;
      const second = rowwise(
        e,
        (row) => groupSums(innerProductReference(row, fields, dim, weights["fmfm.weight"]), pairs),
      );
      return plus(linear(batch, weights), second);
    }));
}
