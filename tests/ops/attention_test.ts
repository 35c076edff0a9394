import { assertThrows } from "../../src/std.ts";
import { Graph } from "../../src/graph/graph.ts";
import { attention } from "../../src/ops/attention.ts";
import { attentionReference, type AttentionSizes, attentionWeights } from "../reference/attention.ts";
import { run } from "../run.ts";
import { assertClose, checkOp, randomArray, step } from "../support.ts";

const shapes = [[5, 5, 2, 6], [5, 3, 1, 17], [1, 1, 1, 1], [3, 9, 2, 16], [1, 3, 2, 64], [9, 2, 1, 4]];

for (const [batch, fields, heads, width] of shapes) {
  const label = `attention over ${fields} fields, ${heads} heads of ${width / heads}, batch ${batch}`;
  const sizes: AttentionSizes = { fields, heads, width, stride: 4 * width, scale: 1 / Math.sqrt(width / heads) };
  const { scale } = sizes;
  const residual = (p: Float64Array, i: number): number => p[Math.floor(i / width) * 4 * width + 3 * width + i % width];
  for (const variant of ["software", "gpu"] as const) {
    const attributes = { heads, width, residual: "packed", scale, relu: true, variant } as const;
    Deno.test(`${label}, with packed residual and relu, for ${variant} adapters, matches the reference`, () =>
      checkOp({
        inputs: { p: ["B", fields, 4 * width] },
        batch,
        build: ({ p }) => attention(p, undefined, attributes).o,
        reference: ({ p }) => attentionReference(p, sizes).map((o, i) => Math.max(0, o + residual(p, i))),
      }));
  }
  Deno.test(`${label}, with a residual of its own, matches the reference`, () =>
    checkOp({
      inputs: { p: ["B", fields, 3 * width], r: ["B", fields, width] },
      batch,
      build: ({ p, r }) => attention(p, r, { heads, width, residual: "input", scale: 1, relu: false }).o,
      reference: ({ p, r }) => attentionReference(p, { ...sizes, stride: 3 * width, scale: 1 }).map((o, i) => o + r[i]),
    }));
}

Deno.test("attention holds large scores and returns its weights", async () => {
  const sizes: AttentionSizes = { fields: 5, heads: 2, width: 8, stride: 24, scale: 1 };
  const graph = new Graph("train");
  const p = randomArray(3 * 5 * 24, 1).map((value) => Math.fround(30 * value));
  const input = graph.input("p", ["B", 5, 24]);
  const { o, weights } = attention(input, undefined, { heads: 2, width: 8, residual: "none", scale: 1, relu: false });
  const bytes = await run([o, weights], { batch: 3, steps: [step(3)], inputs: { p: Float32Array.from(p) } });
  assertClose(new Float32Array(bytes[0]), attentionReference(p, sizes), "o", { rtol: 2e-4 });
  assertClose(new Float32Array(bytes[1]), attentionWeights(p, sizes), "weights", { rtol: 5e-4 });
});

Deno.test("attention refuses projections that do not fit its heads", () => {
  const p = new Graph("train").input("p", ["B", 3, 12]);
  assertThrows(
    () => attention(p, undefined, { heads: 2, width: 6, residual: "none", scale: 1, relu: false }),
    TypeError,
    "Cannot build attention: projections must have 3 x 6 columns for 2 heads, received 12",
  );
});
