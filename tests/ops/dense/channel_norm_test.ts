import { Graph, type Mode } from "../../../src/graph/graph.ts";
import { channelNorm } from "../../../src/ops/dense/channel_norm.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { batchNorm, moments, normalize } from "../../reference/batch_norm.ts";
import { run } from "../../run.ts";
import { assertClose, checkOp, randomArray, step } from "../../support.ts";

interface Sizes {
  batch: number;
  channels: number;
  length: number;
  rows?: number;
}

/** Moves [B, C, L] to [B L, C], or back. */
function turn(x: Float64Array, { channels, length }: Sizes, back = false): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const l = i % length;
    const c = Math.floor(i / length) % channels;
    const j = (Math.floor(i / length / channels) * length + l) * channels + c;
    if (back) y[i] = x[j];
    else y[j] = x[i];
  }
  return y;
}

function check(sizes: Sizes, mode: Mode): Promise<void> {
  const { batch, channels, length, rows = batch } = sizes;
  const positive = (values: Float64Array): Float64Array => values.map((value) => 1.5 + value);
  const size = [channels];
  return checkOp({
    inputs: { x: ["B", channels, length], gamma: size, beta: size, mean: size, variance: size },
    batch,
    rows,
    mode,
    prepare: { gamma: positive, variance: positive },
    build: ({ x, gamma, beta, mean, variance }) => channelNorm(x, gamma, beta, mean, variance),
    reference: (inputs) => {
      const columns = { ...inputs, x: turn(inputs.x, sizes) };
      const options = { columns: channels, rows: rows * length };
      const y = mode === "train"
        ? batchNorm(columns, options)
        : normalize(columns, { mean: inputs.mean, variance: inputs.variance }, options);
      return turn(y, sizes, true);
    },
    rtol: 2e-5,
    atol: 4e-6,
  });
}

const shapes = [
  { batch: 37, channels: 3, length: 8 },
  { batch: 37, channels: 5, length: 17, rows: 20 },
  { batch: 130, channels: 2, length: 3, rows: 129 },
  { batch: 1, channels: 1, length: 1 },
  { batch: 3, channels: 2, length: 300 },
];

for (const sizes of shapes) {
  const label = `[${sizes.batch}, ${sizes.channels}, ${sizes.length}] with ${sizes.rows ?? "all"} rows`;
  Deno.test(`channelNorm of ${label} matches its reference`, () => check(sizes, "train"));
  Deno.test(`channelNorm of ${label} takes running statistics in prediction`, () => check(sizes, "predict"));
}

Deno.test("channelNorm moves running statistics, and gives the same bits twice", async () => {
  const sizes = { batch: 70, channels: 2, length: 3 };
  const x = randomArray(70 * 6, 3).map((value) => Math.fround(50 + value));
  const measure = async (): Promise<[Float32Array, Float32Array]> => {
    const graph = new Graph("train");
    const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((name) => graph.input(name, [2]));
    const y = channelNorm(graph.input("x", ["B", 2, 3]), gamma, beta, mean, variance);
    const again = channelNorm(graph.input("x", ["B", 2, 3]), gamma, mean, mean, variance);
    const inputs = {
      x: Float32Array.from(x),
      gamma: Float32Array.of(1, 1),
      beta: Float32Array.of(0, 0),
      mean: Float32Array.of(0.5, 0.5),
      variance: Float32Array.of(2, 2),
    };
    const bytes = await run([y, again], { batch: 70, steps: [step(70)], inputs });
    return [new Float32Array(bytes[0]), new Float32Array(bytes[1])];
  };
  const [first, second] = [await measure(), await measure()];
  assertEquals(first, second);
  const batch = moments(turn(x, sizes), 2, 210);
  // The second normalization adds the running mean, which has moved twice by then.
  const moved = batch.mean.map((value) => 0.81 * 0.5 + 0.19 * value);
  const shifted = first[1].map((value, i) => value - first[0][i]);
  assertClose(shifted, shifted.map((_, i) => moved[Math.floor(i / 3) % 2]), "running mean", { rtol: 1e-5 });
});

Deno.test("channelNorm refuses channels that do not divide a row", () => {
  const graph = new Graph("train");
  const four = graph.input("four", [4]);
  assertThrows(
    () => channelNorm(graph.input("x", ["B", 2, 3]), four, four, four, four),
    TypeError,
    "must have shape [B, ...] of 4 channels, received [B, 2, 3]",
  );
});
