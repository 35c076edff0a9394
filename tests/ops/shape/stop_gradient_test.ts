import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { stopGradient } from "../../../src/ops/shape/stop_gradient.ts";
import { assertEquals } from "@std/assert";
import { runOp } from "../../support.ts";

Deno.test("stopGradient passes numbers on and no gradient", async () => {
  const build = { inputs: { x: ["B", 5] as const, y: ["B", 5] as const }, batch: 3 };
  const { values, upstream, gradients, y } = await runOp({
    ...build,
    build: ({ x, y }) => multiply(stopGradient(x), y),
  });
  assertEquals([...y], [...values.x.map((value, i) => Math.fround(value * values.y[i]))]);
  assertEquals([...gradients.keys()], ["y"]);
  assertEquals([...gradients.get("y")!], [...values.x.map((value, i) => Math.fround(value * upstream[i]))]);
});
