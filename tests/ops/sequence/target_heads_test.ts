import { projectedHeads, targetHeads } from "../../../src/ops/sequence/target_heads.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Shape, Tensor } from "../../../src/graph/tensor.ts";
import { flatten, reshape } from "../../../src/ops/shape/reshape.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { drawLengths } from "../../reference/history.ts";
import { type HeadSizes, targetHeads as reference } from "../../reference/target_heads.ts";
import { assertClose, checkOp, runOp } from "../../support.ts";

const integers = ["lengths"];

/** Heads that read all columns, or their own; with a window and a selection, whole histories and none. */
const SIZES: HeadSizes[] = [
  { batch: 1, places: 1, width: 1, heads: 1, scale: 1 },
  { batch: 37, places: 7, width: 4, heads: 2, scale: 0.5 },
  { batch: 3, places: 50, width: 17, heads: 3, scale: 1 },
  { batch: 2, places: 10, width: 2, heads: 128, scale: 1 },
  { batch: 3, places: 9, width: 132, heads: 2, scale: 0.3 },
  { batch: 5, places: 7, width: 6, heads: 2, split: true, scale: 1 },
  { batch: 3, places: 20, width: 24, heads: 3, split: true, scale: 2 },
  { batch: 6, places: 11, width: 8, heads: 2, window: 4, scale: 1 },
  { batch: 5, places: 20, width: 6, heads: 2, softmax: false, scale: 0.5 },
  { batch: 4, places: 9, width: 6, heads: 2, split: true, softmax: false, window: 5, scale: 1 },
  { batch: 4, places: 90, width: 8, heads: 2, top: 3, scale: 1 },
  { batch: 5, places: 12, width: 6, heads: 3, split: true, window: 8, top: 1, scale: 1 },
];

for (const [sizes, software] of SIZES.flatMap((sizes) => [[sizes, false], [sizes, true]] as const)) {
  const { batch, places, width, heads, split, scale, softmax, window, top } = sizes;
  const how = software ? "by a thread each" : "by threads together";
  Deno.test(`heads of a target match their reference ${how}: ${JSON.stringify(sizes)}`, () =>
    checkOp({
      software,
      inputs: { q: ["B", heads, split ? width / heads : width], x: ["B", places, width], lengths: ["B"] },
      ...{ integers, batch },
      prepare: { lengths: drawLengths(places) },
      build: ({ q, x, lengths }) => targetHeads(q, x, lengths, { scale, softmax, window, top }).y,
      reference: ({ q, x, lengths }) => reference(sizes, q, x, lengths),
    }));
}

Deno.test("of equal scores a head keeps the newest, and large ones do not overflow", async () => {
  const { y } = await runOp({
    inputs: { q: ["B", 1, 2], x: ["B", 5, 2], lengths: ["B"] },
    ...{ integers, batch: 2 },
    prepare: {
      q: () => Float64Array.of(1000, 0, -1, 0),
      x: () => Float64Array.of(1, 1, 1, 2, 0, 3, 1, 4, 7, 5, 0, 1, -0, 2, 0, 3, -0, 4, 0, 5),
      lengths: () => Float64Array.of(4, 5),
    },
    build: ({ q, x, lengths }) => targetHeads(q, x, lengths, { scale: 1, top: 2 }).y,
  });
  assertClose(y, [1, 3, 0, 4.5], "y");
});

Deno.test("a selection of all places is no selection", async () => {
  const run = (top?: number) =>
    runOp({
      inputs: { q: ["B", 2, 4], x: ["B", 6, 4], lengths: ["B"] },
      ...{ integers, batch: 9 },
      prepare: { lengths: drawLengths(6) },
      build: ({ q, x, lengths }) => targetHeads(q, x, lengths, { scale: 1, top }).y,
    });
  assertEquals((await run(6)).y, (await run()).y);
});

Deno.test("weights of a head sum to 1 over the places of its window, and are 0 elsewhere", async () => {
  const { y } = await runOp({
    inputs: { q: ["B", 1, 4], x: ["B", 6, 4], lengths: ["B"] },
    ...{ integers, batch: 3 },
    prepare: { lengths: () => Float64Array.of(5, 1, 0) },
    build: ({ q, x, lengths }) => targetHeads(q, x, lengths, { scale: 1, window: 2 }).weights,
  });
  const [two, one, none] = [y.subarray(0, 6), y.subarray(6, 12), y.subarray(12)];
  assertEquals([...two].map((weight) => weight > 0), [false, false, false, true, true, false]);
  assertClose([two[3] + two[4]], [1], "sum");
  assertEquals([...one, ...none], [1, ...Array(11).fill(0)]);
});

interface HeadsCase {
  inputs: { name: string; shape: number[]; data: number[] }[];
  mask: number[][];
  upstream: { data: number[] };
  variants: {
    use_qkvo: boolean;
    use_scale: boolean;
    heads: number;
    attention_dim: number;
    params: { name: string; shape: number[]; data: number[] }[];
    out: number[];
    grads: Record<string, number[]>;
  }[];
}

const golden: HeadsCase = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/target_attention.json", import.meta.url)),
);

/** Turns matrices of a case, [out, in], into those of {@linkcode projectedHeads}; of keys and values by head. */
function turn(name: string, data: number[], heads: number, width: number): number[] {
  if (name === "k") return data;
  const groups = name === "v" ? heads : 1;
  const columns = name === "o" ? data.length / width : width;
  const rows = data.length / columns / groups;
  return Array.from({ length: groups }, (_, g) => g * rows * columns).flatMap((first) =>
    Array.from({ length: rows * columns }, (_, i) => data[first + i % rows * columns + Math.floor(i / rows)])
  );
}

for (const variant of golden.variants) {
  const { use_qkvo: projects, use_scale: scales, heads, attention_dim: units, params, out, grads } = variant;
  const kind = `${projects ? "with" : "without"} projections and ${scales ? "with" : "without"} scale`;
  Deno.test(`heads of a target equal FuxiCTR ${kind}`, async () => {
    const [target, history] = golden.inputs;
    const [batch, places, width] = history.shape;
    const of = (name: string, data: number[]) => turn(name, data, heads, width);
    const numbers: Record<string, number[]> = { target: target.data, x: history.data };
    for (const { name, data } of params) numbers[name[2]] = of(name[2], data);
    const shapes: Record<string, Shape> = {
      ...{ target: ["B", width], x: ["B", places, width], lengths: ["B"] },
      ...(projects && { q: [width, units], k: [heads, units / heads, width] }),
      ...(projects && { v: [heads, width, units / heads], o: [units, width] }),
    };
    const run = {
      inputs: shapes,
      ...{ integers, batch },
      prepare: {
        ...Object.fromEntries(Object.entries(numbers).map(([name, data]) => [name, () => Float64Array.from(data)])),
        lengths: () => Float64Array.from(golden.mask, (row) => row.filter(Boolean).length),
      },
    };
    const scale = scales ? 1 / Math.sqrt(units / heads) : 1;
    const build = ({ target, x, lengths, q, k, v, o }: Record<string, Tensor>) =>
      projects
        ? projectedHeads(target, x, lengths, { q, k, v, o }, { scale }).y
        : flatten(targetHeads(reshape(target, ["B", heads, width / heads]), x, lengths, { scale }).y);
    const { y, gradients } = await runOp({ ...run, build, upstream: golden.upstream.data });
    assertClose(y, out, "y");
    for (const [name, gradient] of Object.entries(grads)) {
      const [input, expected] = { q: ["target", gradient], h: ["x", gradient] }[name] ??
        [name[2], of(name[2], gradient)];
      assertClose(gradients.get(input as string)!, expected as number[], name, { rtol: 2e-5 });
    }
  });
}

Deno.test("heads of a target refuse sizes that do not fit", () => {
  const graph = new Graph("train");
  const [x, lengths] = [graph.input("x", ["B", 3, 8]), graph.input("lengths", ["B"], "u32")];
  const q = (heads: number, width: number) => graph.input(`q${heads},${width}`, ["B", heads, width]);
  assertThrows(
    () => targetHeads(q(3, 4), x, lengths, { scale: 1 }),
    TypeError,
    "[B, H, 8] or together 8 columns, received [B, 3, 4]",
  );
  assertThrows(() => targetHeads(q(129, 8), x, lengths, { scale: 1 }), RangeError, "128 or fewer, received 129");
  assertThrows(() => targetHeads(q(2, 4), x, lengths, { scale: 1, top: 0 }), RangeError, "top must be a positive");
  assertThrows(
    () => targetHeads(q(2, 4), x, lengths, { scale: 1, softmax: false, top: 2 }),
    RangeError,
    "only a softmax keeps the best places, received top 2",
  );
  assertThrows(() => targetHeads(q(2, 4), x, x, { scale: 1 }), TypeError, "lengths must have shape [B] and type u32");
});
