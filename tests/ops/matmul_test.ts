import { matmul, matmulNt, matmulTn } from "../../src/ops/matmul.ts";
import { matmulReference } from "../reference/matmul.ts";
import { checkOp } from "../support.ts";

const SIZES: readonly (readonly [number, number, number])[] = [[37, 8, 12], [1, 4, 4], [37, 7, 6], [5, 1, 9], [
  19,
  10,
  1,
]];

for (const [m, k, n] of SIZES) {
  Deno.test(`matmul and its gradients match the reference at ${m}x${k}x${n}`, () =>
    checkOp({
      inputs: { a: ["B", k], b: [k, n] },
      batch: m,
      build: ({ a, b }) => matmul(a, b),
      reference: ({ a, b }) => matmulReference(a, b, [m, k, n]),
    }));
  Deno.test(`matmulNt and its gradients match the reference at ${m}x${k}x${n}`, () =>
    checkOp({
      inputs: { a: ["B", k], b: [n, k] },
      batch: m,
      build: ({ a, b }) => matmulNt(a, b),
      reference: ({ a, b }) => matmulReference(a, b, [m, k, n], false, true),
    }));
  Deno.test(`matmulTn and its gradients match the reference at ${m}x${k}x${n}`, () =>
    checkOp({
      inputs: { a: ["B", m], b: ["B", n] },
      batch: k,
      build: ({ a, b }) => matmulTn(a, b),
      reference: ({ a, b }) => matmulReference(a, b, [m, k, n], true),
    }));
}
