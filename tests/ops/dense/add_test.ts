import { add, sum } from "../../../src/ops/dense/add.ts";
import { flatten } from "../../../src/ops/shape/reshape.ts";
import { checkOp } from "../../support.ts";

Deno.test("add sums three tensors and hands its gradient to each", () =>
  checkOp({
    inputs: { a: ["B", 3, 5], b: ["B", 3, 5], c: ["B", 3, 5] },
    batch: 37,
    build: ({ a, b, c }) => add(flatten(add(a, b)), flatten(c)),
    reference: ({ a, b, c }) => a.map((value, i) => value + b[i] + c[i]),
  }));

for (const count of [1, 2, 3, 4, 5, 8]) {
  Deno.test(`sum adds ${count} tensors and hands its gradient to each`, () => {
    const names = Array.from({ length: count }, (_, i) => `x${i}`);
    return checkOp({
      inputs: Object.fromEntries(names.map((name) => [name, ["B", 4]])),
      batch: 5,
      build: (inputs) => flatten(sum(...names.map((name) => inputs[name]))),
      reference: (inputs) => inputs.x0.map((_, i) => names.reduce((total, name) => total + inputs[name][i], 0)),
    });
  });
}
