import { Graph } from "../../../src/graph/graph.ts";
import { factorize } from "../../../src/ops/interaction/factorize.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

for (const [batch, half] of [[1, 1], [37, 17], [5, 4]]) {
  Deno.test(`factorize joins halves of [${batch}, ${2 * half}] and matches central differences`, () =>
    checkOp({
      inputs: { z: ["B", 2 * half] },
      batch,
      build: ({ z }) => factorize(z, "join"),
      reference: ({ z }) => z.map((value, i) => i % (2 * half) < half ? value : value * z[i - half]),
    }));

  Deno.test(`factorize folds halves of [${batch}, ${2 * half}] and matches central differences`, () =>
    checkOp({
      inputs: { z: ["B", 2 * half] },
      batch,
      build: ({ z }) => factorize(z, "fold"),
      reference: ({ z }) =>
        Float64Array.from({ length: batch * half }, (_, i) => {
          const at = i + Math.floor(i / half) * half;
          return z[at] * (1 + z[at + half]);
        }),
    }));
}

Deno.test("factorize refuses an odd width", () => {
  const z = new Graph("train").input("z", ["B", 5]);
  assertThrows(() => factorize(z, "join"), TypeError, "received [B, 5]");
});
