import { Graph } from "../../../src/graph/graph.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { addBias } from "../../../src/ops/dense/bias.ts";
import { matmul } from "../../../src/ops/dense/matmul.ts";
import { logitOfForm } from "../../../src/ops/interaction/cin_logit.ts";
import { foldTop } from "../../../src/ops/interaction/cin_top.ts";
import { assertThrows } from "@std/assert";
import { logitReference, topReference } from "../../reference/cin_top.ts";
import { checkOp } from "../../support.ts";

for (const [terms, outs, earlier] of [[6, 4, 8], [1, 1, 1], [15, 17, 3], [70, 10, 6], [5, 80, 0]]) {
  const sizes = `${terms} terms, ${outs} maps and ${earlier} earlier ones`;
  const inputs = {
    ...{ weight: [terms, outs], bias: [outs], top: [earlier + outs, 1], p: ["B", terms] as const },
    ...(earlier > 0 && { q: ["B", earlier] as const }),
  };
  for (const biased of [true, false]) {
    Deno.test(`the folded top of ${sizes}${biased ? ", with a bias," : ""} matches its reference`, () =>
      checkOp({
        inputs: biased ? { ...inputs, topBias: [1] } : inputs,
        batch: 3,
        build: ({ weight, bias, top, topBias, p, q }) => {
          const folded = foldTop(weight, bias, top, topBias, 5);
          const logit = addBias(matmul(p, folded.form), folded.offset);
          return q ? add(logit, matmul(q, folded.earlier)) : logit;
        },
        reference: ({ weight, bias, top, topBias, p, q }) => {
          const { form, offset, earlier: first } = topReference({ weight, bias, top, topBias }, 5);
          return Float64Array.from({ length: 3 }, (_, b) => {
            const sum = form.reduce((sum, number, t) => sum + number * p[b * terms + t], offset);
            return first.reduce((sum, number, e) => sum + number * q[b * earlier + e], sum);
          });
        },
      }));
  }
}

for (const [batch, fields, dim, pooled] of [[37, 3, 4, 6], [5, 2, 8, 17], [1, 1, 4, 1], [300, 1, 4, 4]]) {
  for (const software of [true, false]) {
    const device = software ? "a processor" : "a GPU";
    Deno.test(`the logit of [${batch}, ${fields}, ${dim}] and ${pooled} sums on ${device} matches its reference`, () =>
      checkOp({
        inputs: {
          ...{ offset: [1], z: ["B", fields, dim], x0: ["B", fields, dim], pooled: ["B", pooled], top: [pooled, 1] },
        },
        batch,
        rows: Math.max(1, batch - 1),
        software,
        build: (tensors) => logitOfForm(tensors as unknown as Parameters<typeof logitOfForm>[0]),
        reference: (values) => logitReference(values as Parameters<typeof logitReference>[0]),
      }));
  }
}

Deno.test("tops that do not fit the layer are refused", () => {
  const graph = new Graph("train");
  const [w, bias, top] = [graph.input("w", [6, 4]), graph.input("bias", [4]), graph.input("top", [3, 1])];
  assertThrows(() => foldTop(w, bias, top, undefined, 2), TypeError, "received [4] and [3, 1]");
  const [offset, z, pooled] = [graph.input("offset", [1]), graph.input("z", ["B", 2, 4]), graph.input("p", ["B", 4])];
  assertThrows(() => logitOfForm({ offset, z, x0: z, pooled, top }), TypeError, "received [B, 2, 4], [B, 4], [3, 1]");
});
