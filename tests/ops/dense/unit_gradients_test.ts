import { type Activation, dense } from "../../../src/ops/dense/dense.ts";
import { assertEquals } from "@std/assert";
import { denseReference, dropoutReference } from "../../reference/dense.ts";
import { assertClose, checkOp, type OpRun, runOp } from "../../support.ts";

/** A layer of `width` units, activated and with dropout, and one of one unit over it. */
function layers(batch: number, width: number, activation: Activation, rate: number): OpRun {
  return {
    inputs: { x: ["B", 3], first: [3, width], second: [width, 1], bias: [1] },
    batch,
    build: ({ x, first, second, bias }) =>
      dense(dense(x, first, undefined, { activation, dropout: { rate, salt: 5 } }), second, bias),
  };
}

for (
  const [batch, width, activation, rate] of [[37, 4, "relu", 0.3], [5, 8, "tanh", 0.3], [70, 68, "none", 0]] as const
) {
  Deno.test(`gradients go back through a unit over ${width} of ${activation}, rows ${batch}, dropout ${rate}`, () => {
    const mask = dropoutReference(batch * width, rate, 5, 1, 1);
    return checkOp({
      ...layers(batch, width, activation, rate),
      reference: ({ x, first, second, bias }) => {
        const hidden = denseReference(x, first, undefined, [batch, 3, width], activation).map((h, i) => h * mask[i]);
        return denseReference(hidden, second, bias, [batch, width, 1], "none");
      },
    });
  });
}

Deno.test("on a GPU a unit's gradients take two dispatches, also over splits of many rows", async () => {
  const check = layers(1000, 68, "relu", 0.2);
  const [gpu, other] = [await runOp({ ...check, software: false }), await runOp(check)];
  assertEquals(gpu.labels.slice(2, 4), ["unit_gradients.gradients", "column_sums.fold_whole"]);
  for (const [name, gradient] of other.gradients) assertClose(gpu.gradients.get(name)!, gradient, `d${name}`);
});
