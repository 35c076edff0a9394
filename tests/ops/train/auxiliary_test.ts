import { withAuxiliary } from "../../../src/ops/train/auxiliary.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { taskLosses } from "../../reference/loss.ts";
import { run } from "../../run.ts";
import { assertClose, centralDifferences, runOp, step } from "../../support.ts";

/** Labels of one task or two, of which some are unknown, and weights of rows. */
function targetsOf(tasks: number, batch: number, rows: number): Float64Array {
  const labels = (task: number, b: number) => tasks > 1 && (b + task) % 4 === 0 ? -1 : Number((b + task) % 3 === 0);
  return Float64Array.from({ length: (tasks + 1) * batch }, (_, i) => {
    const [task, b] = [Math.floor(i / batch), i % batch];
    if (task < tasks) return labels(task, b);
    return b < rows ? 1 + b % 2 * (tasks - 1) : 0;
  });
}

for (const [batch, rows, tasks] of [[1, 1, 1], [70, 70, 1], [70, 65, 1], [70, 65, 2], [5000, 4900, 2]]) {
  const sizes = `${tasks} tasks of ${rows} rows in a batch of ${batch}`;
  Deno.test(`further logits for ${sizes} add their own cross-entropy, with its gradient`, async () => {
    const [weight, targets] = [0.5, targetsOf(tasks, batch, rows)];
    const columns = (of: ArrayLike<number>) =>
      Array.from({ length: tasks }, (_, t) => Float64Array.from({ length: batch }, (_, b) => of[b * tasks + t]));
    const labels = Array.from({ length: tasks }, (_, t) => targets.subarray(t * batch, (t + 1) * batch));
    const weights = targets.subarray(tasks * batch);
    const loss = (a: ArrayLike<number>) =>
      weight * taskLosses(columns(a), labels, weights).reduce((sum, mean) => sum + mean, 0);
    const { values, upstream, gradients } = await runOp({
      inputs: { z: ["B", 1], a: ["B", tasks], targets: [tasks + 1, "B"] },
      ...{ batch, rows },
      prepare: { a: (drawn) => drawn.map((value) => 4 * value), targets: () => targets },
      build: ({ z, a, targets }) => withAuxiliary(multiply(z, z), multiply(a, a), targets, weight),
    });
    const reference = ({ a }: typeof values) => Float64Array.of(loss(a.map((value) => value * value)));
    const stride = Math.ceil(batch * tasks / 200);
    const expected = centralDifferences(reference, values, "a", Float64Array.of(1), stride);
    const sampled = gradients.get("a")!.filter((_, i) => i % stride === 0);
    assertClose(sampled, expected, "da", { rtol: 2e-5, atol: 1e-8 });
    assertClose(gradients.get("z")!, upstream.map((dy, b) => 2 * values.z[b] * dy), "dz", { rtol: 2e-5 });
    assertEquals(gradients.has("targets"), false);

    const graph = new Graph("train");
    const a = graph.input("a", ["B", tasks]);
    assertEquals(withAuxiliary(a, a, graph.input("targets", [tasks + 1, "B"]), weight).shape, a.shape);
    const inputs = { a: Float32Array.from(values.a), targets: Float32Array.from(targets) };
    const [term] = await run([...graph.terms], { batch, steps: [step(rows)], inputs });
    const exact = loss(values.a);
    assertAlmostEquals(new Float32Array(term)[0], exact, 1e-6 * Math.max(1, exact));
  });
}

Deno.test("a prediction does not compute further logits, and those of another shape or without targets are refused", () => {
  const graph = new Graph("predict");
  const [z, wide] = [graph.input("z", ["B", 1]), graph.input("wide", ["B", 2])];
  assertEquals(withAuxiliary(z, wide, undefined), z);
  assertEquals(graph.terms, []);
  const training = new Graph("train");
  const [y, broad] = [training.input("y", ["B", 1]), training.input("broad", ["B", 2])];
  const targets = training.input("targets", [2, "B"]);
  assertThrows(() => withAuxiliary(y, broad, targets), TypeError, "targets must have shape [3, B], received [2, B]");
  assertThrows(() => withAuxiliary(y, y, undefined), TypeError, "training needs the input's targets, received none");
});
