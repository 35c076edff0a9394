import { Graph } from "../../../src/graph/graph.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { stopGradient } from "../../../src/ops/shape/stop_gradient.ts";
import { addLoss } from "../../../src/ops/train/add_loss.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { run } from "../../run.ts";
import { assertClose, runOp, step } from "../../support.ts";

Deno.test("addLoss passes its input on, adds the mean and gives each valid row the same gradient", async () => {
  const { values, upstream, y, gradients } = await runOp({
    inputs: { x: ["B", 1], v: ["B", 1] },
    batch: 70,
    rows: 50,
    build: ({ x, v }) => addLoss(x, multiply(v, v), 0.6),
  });
  assertEquals(y, Float32Array.from(values.x));
  assertEquals(gradients.get("x"), Float32Array.from(upstream));
  const expected = values.v.map((v, b) => b < 50 ? 0.6 / 50 * 2 * v : 0);
  assertClose(gradients.get("v")!, expected, "dv");

  const graph = new Graph("train");
  const v = graph.input("v", ["B", 1]);
  addLoss(v, v, 0.6);
  const [term] = await run([...graph.terms], {
    batch: 70,
    steps: [step(50)],
    inputs: { v: Float32Array.from(values.v) },
  });
  assertAlmostEquals(new Float32Array(term)[0], 0.6 / 50 * values.v.subarray(0, 50).reduce((a, b) => a + b), 1e-6);
});

Deno.test("addLoss leaves predictions alone and refuses other shapes", () => {
  const graph = new Graph("predict");
  const [x, wide] = [graph.input("x", ["B", 1]), graph.input("wide", ["B", 2])];
  assertEquals(addLoss(x, x), x);
  const training = new Graph("train");
  const y = training.input("y", ["B", 1]);
  assertThrows(() => addLoss(y, wide), TypeError, "values must have shape [B, 1], received [B, 2]");
});

Deno.test("stopGradient returns the same numbers, through which no gradient goes", async () => {
  const { values, upstream, y, gradients } = await runOp({
    inputs: { x: ["B", 3], c: ["B", 3] },
    batch: 5,
    build: ({ x, c }) => multiply(x, stopGradient(multiply(c, c))),
  });
  const squares = values.c.map((c) => c * c);
  assertClose(y, values.x.map((x, i) => x * squares[i]), "y");
  assertClose(gradients.get("x")!, upstream.map((dy, i) => dy * squares[i]), "dx");
  assertEquals(gradients.has("c"), false);
});
