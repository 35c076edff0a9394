import { supervisedMean } from "../../../src/ops/train/supervise.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { taskLosses } from "../../reference/loss.ts";
import { run } from "../../run.ts";
import { assertClose, centralDifferences, runOp, step } from "../../support.ts";

for (const [batch, rows] of [[1, 1], [70, 65], [600, 597]]) {
  Deno.test(`either logit of ${rows} rows in a batch of ${batch} learns known labels as far as it is behind`, async () => {
    const targets = Float64Array.from({ length: 2 * batch }, (_, i) => {
      const b = i % batch;
      if (i < batch) return b % 5 === 3 ? -1 : Number(b % 3 === 0);
      return b < rows ? 1 + b % 2 : 0;
    });
    const lossOf = (z: ArrayLike<number>): number =>
      taskLosses([z], [targets.subarray(0, batch)], targets.subarray(batch))[0];
    const { values, upstream, y, gradients } = await runOp({
      inputs: { a: ["B", 1], b: ["B", 1], targets: [2, "B"] },
      ...{ batch, rows },
      prepare: { a: (a) => a.map((z) => 4 * z), b: (b) => b.map((z) => 4 * z), targets: () => targets },
      build: ({ a, b, targets }) => supervisedMean(multiply(a, a), multiply(b, b), targets),
    });
    const squares = ({ a, b }: Record<string, Float64Array>) => [a, b].map((x) => x.map((value) => value * value));
    const meanOf = (of: typeof values) => squares(of)[0].map((z, i) => (z + squares(of)[1][i]) / 2);
    assertClose(y.subarray(0, rows), meanOf(values).subarray(0, rows), "y");
    // How far a logit is behind is a constant to the gradient.
    const whole = lossOf(meanOf(values));
    const gaps = squares(values).map((z) => Math.max(lossOf(z) - whole, 0));
    assert(batch === 1 || gaps.some((gap) => gap > 0), "a logit is behind");
    const objective = (of: typeof values) => {
      const own = squares(of).reduce((sum, z, i) => sum + gaps[i] * lossOf(z), 0);
      return Float64Array.of(own + meanOf(of).reduce((sum, z, i) => sum + upstream[i] * z, 0));
    };
    const stride = Math.ceil(batch / 30);
    for (const name of ["a", "b"]) {
      const expected = centralDifferences(objective, values, name, Float64Array.of(1), stride);
      const sampled = gradients.get(name)!.filter((_, i) => i % stride === 0);
      assertClose(sampled, expected, `d${name}`, { rtol: 2e-5, atol: 1e-6 });
    }

    const graph = new Graph("train");
    const [a, b] = ["a", "b"].map((name) => graph.input(name, ["B", 1]));
    supervisedMean(multiply(a, a), multiply(b, b), graph.input("targets", [2, "B"]));
    const inputs = Object.fromEntries(Object.entries(values).map(([name, all]) => [name, Float32Array.from(all)]));
    const [term] = await run([...graph.terms], { batch, steps: [step(rows)], inputs });
    const exact = squares(values).reduce((sum, z, i) => sum + gaps[i] * lossOf(z), 0);
    assertAlmostEquals(new Float32Array(term)[0], exact, 1e-5 * Math.max(1, exact));
  });
}

Deno.test("a batch without known labels supervises nothing", async () => {
  const { gradients, upstream } = await runOp({
    inputs: { a: ["B", 1], b: ["B", 1], targets: [2, "B"] },
    batch: 3,
    prepare: { targets: (values) => values.map((_, i) => i < 3 ? -1 : 1) },
    build: ({ a, b, targets }) => supervisedMean(multiply(a, a), b, targets),
  });
  assertClose(gradients.get("b")!, upstream.map((dy) => dy / 2), "db");
});

Deno.test("a prediction averages alone, and several labels are refused", () => {
  const graph = new Graph("predict");
  const z = graph.input("z", ["B", 1]);
  assertEquals(supervisedMean(z, z, undefined).shape, ["B", 1]);
  assertEquals(graph.terms, []);
  const training = new Graph("train");
  const [y, targets] = [training.input("y", ["B", 1]), training.input("targets", [3, "B"])];
  assertThrows(() => supervisedMean(y, y, targets), TypeError, "targets must have shape [2, B], received [3, B]");
  assertThrows(() => supervisedMean(y, y, undefined), TypeError, "training needs the input's targets, received none");
});
