import { assert, assertEquals, assertThrows } from "@std/assert";
import { differentiate } from "../../../src/graph/autodiff.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { attention } from "../../../src/ops/sequence/attention.ts";
import { attentionGroup } from "../../../src/ops/sequence/attention_groups.ts";
import { attentionReference, type AttentionSizes, attentionWeights } from "../../reference/attention.ts";
import { paperGpu } from "../../paper_device.ts";
import { run } from "../../run.ts";
import { assertClose, checkOp, randomArray, step } from "../../support.ts";

const shapes = [
  ...[[5, 5, 2, 6], [5, 3, 1, 17], [1, 1, 1, 1], [3, 9, 2, 16], [1, 3, 2, 64], [9, 2, 1, 4], [3, 10, 2, 24]],
  ...[[3, 14, 2, 16], [17, 13, 1, 4], [1, 21, 2, 16], [1, 5, 1, 16]],
];

for (const [batch, fields, heads, width] of shapes) {
  const label = `attention over ${fields} fields, ${heads} heads of ${width / heads}, batch ${batch}`;
  const sizes: AttentionSizes = { fields, heads, width, stride: 4 * width, scale: 1 / Math.sqrt(width / heads) };
  const { scale } = sizes;
  const residual = (p: Float64Array, i: number): number => p[Math.floor(i / width) * 4 * width + 3 * width + i % width];
  const attributes = { heads, width, residual: "packed", scale, relu: true } as const;
  Deno.test(`${label}, with packed residual and relu, matches the reference`, () =>
    checkOp({
      inputs: { p: ["B", fields, 4 * width] },
      batch,
      build: ({ p }) => attention(p, undefined, attributes).o,
      reference: ({ p }) => attentionReference(p, sizes).map((o, i) => Math.max(0, o + residual(p, i))),
    }));
  const own = { heads, width, residual: "input", scale: 1, relu: heads === 2 } as const;
  const act = (o: number): number => own.relu ? Math.max(0, o) : o;
  Deno.test(`${label}, with a residual of its own, matches the reference`, () =>
    checkOp({
      inputs: { p: ["B", fields, 3 * width], r: ["B", fields, width] },
      batch,
      build: ({ p, r }) => attention(p, r, own).o,
      reference: ({ p, r }) =>
        attentionReference(p, { ...sizes, stride: 3 * width, scale: 1 }).map((o, i) => act(o + r[i])),
    }));
}

for (const kernels of ["buffers", "images", "groups", "gpu"]) {
  Deno.test(`attention by ${kernels} holds large scores and returns its weights`, async () => {
    const sizes: AttentionSizes = { fields: 5, heads: 2, width: 8, stride: 24, scale: 1 };
    const graph = new Graph("train");
    const p = randomArray(3 * 5 * 24, 1).map((value) => Math.fround(30 * value));
    const input = graph.input("p", ["B", 5, 24]);
    const attributes = { heads: 2, width: 8, residual: "none", scale: 1, relu: false } as const;
    const { o, weights } = attention(input, undefined, attributes);
    const bytes = await run([o, weights], { batch: 3, steps: [step(3)], inputs: { p: Float32Array.from(p) }, kernels });
    assertClose(new Float32Array(bytes[0]), attentionReference(p, sizes), "o", { rtol: 2e-4 });
    assertClose(new Float32Array(bytes[1]), attentionWeights(p, sizes), "weights", { rtol: 5e-4 });
  });
}

for (const [batch, fields, heads, width] of [[1000, 3, 2, 128], [950, 15, 2, 24]]) {
  const label = `${fields} fields, ${heads} heads of ${width / heads}, batch ${batch}`;
  Deno.test(`attention over ${label}, fills several images and matches the reference and buffers`, async () => {
    const sizes: AttentionSizes = { fields, heads, width, stride: 3 * width, scale: 0.1 };
    const p = randomArray(batch * fields * 3 * width, 1);
    const upstream = Float32Array.from(randomArray(batch * fields * width, 2));
    const results = async (kernels: string): Promise<Float32Array[]> => {
      const graph = new Graph("train");
      const input = graph.input("p", ["B", fields, 3 * width]);
      const attributes = { heads, width, residual: "none", scale: 0.1, relu: false } as const;
      const { o } = attention(input, undefined, attributes);
      const dp = differentiate(o, graph.input("upstream", o.shape), add).inputs.get(input);
      assert(dp);
      const inputs = { p: Float32Array.from(p), upstream };
      return (await run([o, dp], { batch, steps: [step(batch)], inputs, kernels })).map((bytes) =>
        new Float32Array(bytes)
      );
    };
    const [[o, dp], [, expected]] = [await results("images"), await results("buffers")];
    assertClose(o, attentionReference(p, sizes), "o");
    assertClose(dp, expected, "dp");
  });
}

Deno.test("a workgroup of attention takes as many heads as keep its threads busy, within its memory", () => {
  const { profile } = paperGpu();
  assertEquals(attentionGroup(profile, { fields: 39, width: 8 }), { units: 3, threads: 128 });
  assertEquals(attentionGroup(profile, { fields: 39, width: 16 }), { units: 1, threads: 64 });
  assertEquals(attentionGroup(profile, { fields: 39, width: 32 }), undefined);
  assertEquals(attentionGroup(profile, { fields: 5, width: 6 }), undefined);
  assertEquals(attentionGroup(profile, { fields: 300, width: 4 }), undefined);
});

Deno.test("attention refuses projections that do not fit its heads", () => {
  const p = new Graph("train").input("p", ["B", 3, 12]);
  assertThrows(
    () => attention(p, undefined, { heads: 2, width: 6, residual: "none", scale: 1, relu: false }),
    TypeError,
    "Cannot build attention: projections must have 3 x 6 columns for 2 heads, received 12",
  );
});
