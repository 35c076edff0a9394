import { Graph } from "../../src/graph/graph.ts";
import { activation, dice, layerNorm, mlp, prelu } from "../../src/layers/mod.ts";
import { assertEquals } from "@std/assert";

Deno.test("layers with learned slopes declare them under unique names", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 6]);
  dice(prelu(layerNorm(x)));
  mlp(x, [4, 3, 1], { activation: "prelu" });
  activation(prelu(x, { shared: true }), "dice");
  const shapes = [...graph.declarations.parameters.values()].map(({ name, shape }) => `${name} [${shape}]`);
  assertEquals(shapes, [
    "ln.weight [6]",
    "ln.bias [6]",
    "prelu.slope [6]",
    "dice.slope [6]",
    "dice.mean [6]",
    "dice.variance [6]",
    "mlp.0.weight [6,4]",
    "mlp.0.bias [4]",
    "mlp.0.prelu.slope [4]",
    "mlp.1.weight [4,3]",
    "mlp.1.bias [3]",
    "mlp.1.prelu.slope [3]",
    "mlp.2.weight [3,1]",
    "mlp.2.bias [1]",
    "prelu_1.slope [1]",
    "dice_1.slope [6]",
    "dice_1.mean [6]",
    "dice_1.variance [6]",
  ]);
});
