import { add } from "../../src/ops/add.ts";
import { flatten } from "../../src/ops/reshape.ts";
import { checkOp } from "../support.ts";

Deno.test("add sums three tensors and hands its gradient to each", () =>
  checkOp({
    inputs: { a: ["B", 3, 5], b: ["B", 3, 5], c: ["B", 3, 5] },
    batch: 37,
    build: ({ a, b, c }) => add(flatten(add(a, b)), flatten(c)),
    reference: ({ a, b, c }) => a.map((value, i) => value + b[i] + c[i]),
  }));
