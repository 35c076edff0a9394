import { ple } from "../../models/ple.ts";
import { dense, embed, map, type Matrix, relu, type Weights } from "../reference/nn.ts";
import { AWKWARD_SHAPES, checkModel } from "./check_model.ts";

const OWN = 2;
const SHARED = 2;
const UNITS = 3;

/** Computes relu(x_e W_e + b_e) of each expert; weights are side by side in the first layer, one behind the other else. */
function expertsOf(inputs: readonly Matrix[], weights: Weights, name: string, apart: boolean): Matrix[] {
  const count = inputs.length;
  return inputs.map((x, e) => {
    const [all, bias] = [weights[`${name}.weight`], weights[`${name}.bias`]];
    const inner = x[0].length;
    const at = (k: number, n: number) => apart ? (e * inner + k) * UNITS + n : (k * count + e) * UNITS + n;
    return x.map((row) =>
      Float64Array.from(
        { length: UNITS },
        (_, n) => relu(bias[e * UNITS + n] + row.reduce((sum, value, k) => sum + value * all[at(k, n)], 0)),
      )
    );
  });
}

function mixture(gate: Matrix, experts: readonly Matrix[]): Matrix {
  return gate.map((scores, b) => {
    const parts = scores.map((score) => Math.exp(score));
    const total = parts.reduce((sum, part) => sum + part, 0);
    return Float64Array.from(
      { length: UNITS },
      (_, n) => experts.reduce((sum, expert, j) => sum + parts[j] / total * expert[b][n], 0),
    );
  });
}

for (const shape of AWKWARD_SHAPES) {
  Deno.test(`ple whose shared stream mixes all experts equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(
      ple({ dim: shape.dim, layers: 2, experts: SHARED, own: OWN, hidden: [UNITS], tower: [4] }),
      shape,
      (weights, { ids }) => {
        const e = embed(ids, weights.embedding, shape.dim);
        let [z, shared] = [e, e];
        for (const l of [0, 1]) {
          const name = `extraction.${l}`;
          const inputs = [...Array<Matrix>(OWN).fill(z), ...Array<Matrix>(SHARED).fill(shared)];
          const experts = expertsOf(inputs, weights, `${name}.expert.0`, l > 0);
          const own = mixture(dense(z, weights, `${name}.gate.0`), experts);
          if (l === 0) shared = mixture(dense(shared, weights, `${name}.shared_gate.0`), experts);
          z = own;
        }
        return dense(map(dense(z, weights, "tower.0"), relu), weights, "tower.1");
      },
    ));
}
