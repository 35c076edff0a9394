import { assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { mixtureLogit } from "../../../src/ops/dense/mixture.ts";
import { mixtureReference } from "../../reference/mixture.ts";
import { run } from "../../run.ts";
import { assertClose, checkOp, step } from "../../support.ts";

for (const [batch, fields, width, regions] of [[37, 5, 8, 4], [5, 3, 17, 17], [1, 1, 2, 1], [3, 2, 1, 1]]) {
  Deno.test(`mixtureLogit of ${regions} regions from ${fields} fields of ${width} matches the reference`, () =>
    checkOp({
      inputs: { e: ["B", fields, width] },
      batch,
      prepare: { e: (values) => values.map((value) => 2 * value) },
      build: ({ e }) => mixtureLogit(e, regions),
      reference: ({ e }) => mixtureReference(e, fields, width, regions),
    }));
}

Deno.test("mixtureLogit stays finite where probabilities round to 0 and 1", async () => {
  const e = new Graph("predict").input("e", ["B", 1, 4]);
  const scores = Float32Array.of(0, 0, 200, 150, 500, -500, -300, 300);
  const [bytes] = await run([mixtureLogit(e, 2)], { batch: 2, steps: [step(2)], inputs: { e: scores } });
  assertClose(new Float32Array(bytes), [150 + Math.log(2), -300], "logits", { rtol: 1e-6 });
});

Deno.test("mixtureLogit refuses a width that regions do not fill", () => {
  const e = new Graph("train").input("e", ["B", 3, 5]);
  assertThrows(() => mixtureLogit(e, 2), TypeError, "must have shape [B, F, 2] or [B, F, 4], received width 5");
});
