import { Graph } from "../../../src/graph/graph.ts";
import { historyAttention, type HistoryAttentionOptions } from "../../../src/ops/sequence/history_attention.ts";
import { assertThrows } from "@std/assert";
import { type AttentionSizes, drawLengths, historyAttention as reference } from "../../reference/history.ts";
import { assertClose, checkOp, runOp } from "../../support.ts";

const integers = ["lengths"];

function optionsOf(
  { batch: _, places: __, query: ___, value, divisor, ...mask }: AttentionSizes,
): HistoryAttentionOptions {
  return { ...mask, valueWidth: value, ...(divisor && { weights: { divisor } }) };
}

function check(sizes: AttentionSizes): Promise<void> {
  const { batch, places, heads, query, value, targets = 0 } = sizes;
  return checkOp({
    inputs: { x: ["B", places, heads * (2 * query + value)], lengths: ["B"] },
    ...{ integers, batch },
    prepare: { lengths: drawLengths(places - targets), x: (values) => values.map((v) => 1.5 * v) },
    build: ({ x, lengths }) => historyAttention(x, lengths, optionsOf(sizes)),
    reference: ({ x, lengths }) => reference(sizes, x, lengths),
    sampled: 400,
    rtol: 2e-5,
    atol: 4e-6,
  });
}

const SMALL = { batch: 5, places: 9, heads: 2, query: 4, value: 4, scale: 0.5 };
const CASES: Record<string, AttentionSizes> = {
  "one place": { ...SMALL, batch: 1, places: 1, heads: 1, query: 1, value: 1 },
  "all places": SMALL,
  "places before": { ...SMALL, causal: true },
  "a target": { ...SMALL, targets: 1 },
  "three targets, causally": { ...SMALL, targets: 3, causal: true },
  "three targets in order": { ...SMALL, targets: 3, ordered: true, causal: true },
  "a window": { ...SMALL, causal: true, window: 2 },
  "a window but for the latest": { ...SMALL, causal: true, window: 2, full: 2, targets: 1 },
  "context": { ...SMALL, causal: true, context: 2, targets: 2 },
  "values of another width": { ...SMALL, query: 3, value: 2, causal: true },
  "silu": { ...SMALL, divisor: 9, causal: true, targets: 1 },
  "silu of odd widths": { ...SMALL, query: 3, value: 5, divisor: 7 },
  "several tiles": { batch: 2, places: 70, heads: 1, query: 2, value: 2, scale: 1, causal: true, targets: 1 },
  "several tiles of whole vectors": { batch: 2, places: 70, heads: 1, query: 4, value: 8, scale: 0.5, targets: 2 },
  "several blocks, causally": { batch: 2, places: 131, heads: 1, query: 4, value: 4, scale: 0.5, causal: true },
  "heads of 24 columns": { ...SMALL, batch: 2, places: 37, query: 24, value: 24, scale: 0.2, targets: 1 },
  "silu of several tiles": {
    ...SMALL,
    batch: 2,
    places: 67,
    query: 20,
    value: 8,
    divisor: 50,
    causal: true,
    targets: 1,
  },
  "wide heads": { batch: 2, places: 7, heads: 1, query: 64, value: 64, scale: 0.125 },
};

for (const [name, sizes] of Object.entries(CASES)) {
  Deno.test(`attention over a history of ${name} matches its reference and central differences`, () => check(sizes));
}

for (const targets of [0, 1]) {
  Deno.test(`attention within each of several histories of a row with ${targets} targets matches its reference`, () => {
    const [groups, places] = [3, 4];
    const sizes = { ...SMALL, batch: 4 * groups, places, targets, causal: true };
    return checkOp({
      inputs: { x: ["B", groups * places, 24], lengths: ["B", groups] },
      ...{ integers, batch: 4 },
      prepare: { lengths: drawLengths(places - targets), x: (values) => values.map((v) => 1.5 * v) },
      build: ({ x, lengths }) => historyAttention(x, lengths, optionsOf(sizes)),
      reference: ({ x, lengths }) => reference(sizes, x, lengths),
      rtol: 2e-5,
      atol: 4e-6,
    });
  });
}

Deno.test("attention over a history does not overflow at large scores", () =>
  checkOp({
    inputs: { x: ["B", 3, 3], lengths: ["B"] },
    ...{ integers, batch: 2 },
    prepare: { lengths: () => Float64Array.of(3, 2), x: (values) => values.map((v) => 30 * v) },
    build: ({ x, lengths }) => historyAttention(x, lengths, { heads: 1, scale: 1 }),
    reference: ({ x, lengths }) =>
      reference({ batch: 2, places: 3, heads: 1, query: 1, value: 1, scale: 1 }, x, lengths),
    rtol: 2e-4,
  }));

interface Variant {
  name: string;
  settings: Record<string, number | boolean | number[]>;
  allowed: string[][];
  out: number[];
  grads: Record<string, number[]>;
}

interface Golden {
  config: { heads: number; max_seq_len: number; alpha: number };
  seq_offsets: number[];
  inputs: { name: string; shape: number[]; data: number[] }[];
  variants: Variant[];
}

const golden: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/hstu_attention.json", import.meta.url)),
);

/** Puts q, k and v of one sequence side by side, `[n, W]`. */
function packed(b: number): Float64Array {
  const rows: number[] = [];
  for (let t = golden.seq_offsets[b]; t < golden.seq_offsets[b + 1]; t++) {
    for (const name of ["q", "k", "v"]) {
      const { shape: [, heads, width], data } = golden.inputs.find((input) => input.name === name)!;
      rows.push(...data.slice(t * heads * width, (t + 1) * heads * width));
    }
  }
  return Float64Array.from(rows);
}

for (const { name, settings, out, allowed } of golden.variants) {
  Deno.test(`HSTU's attention with mask ${name} equals its own code`, async () => {
    const { heads, max_seq_len: divisor, alpha: scale } = golden.config;
    for (let b = 0; b < allowed.length; b++) {
      const places = golden.seq_offsets[b + 1] - golden.seq_offsets[b];
      const targets = (settings.num_targets as number[] | undefined)?.[b] ?? 0;
      const number = (key: string) => settings[key] as number | undefined;
      const { y } = await runOp({
        inputs: { x: ["B", places, 16], lengths: ["B"] },
        ...{ integers, batch: 1 },
        prepare: { x: () => packed(b), lengths: () => Float64Array.of(places - targets) },
        build: ({ x, lengths }) =>
          historyAttention(x, lengths, {
            ...{ heads, valueWidth: 2, scale, weights: { divisor }, targets },
            causal: settings.causal as boolean,
            window: number("max_attn_len"),
            context: number("contextual_seq_len"),
            full: number("min_full_attn_seq_len"),
          }),
      });
      const first = 4 * golden.seq_offsets[b];
      assertClose(y, out.slice(first, first + 4 * places), `sequence ${b}`, { rtol: 1e-5, atol: 1e-7 });
    }
  });
}

Deno.test("attention over a history refuses heads that do not divide the columns", () => {
  const graph = new Graph("train");
  const [x, lengths] = [graph.input("x", ["B", 4, 9]), graph.input("lengths", ["B"], "u32")];
  assertThrows(() => historyAttention(x, lengths, { heads: 2, scale: 1 }), RangeError, "received 9 columns");
  const three = graph.input("three", ["B", 3], "u32");
  assertThrows(() => historyAttention(x, three, { heads: 3, scale: 1 }), TypeError, "G dividing 4 places");
  assertThrows(() => historyAttention(x, x, { heads: 3, scale: 1 }), TypeError, "lengths must have shape [B]");
});
