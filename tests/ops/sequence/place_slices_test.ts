import { apply } from "../../../src/graph/node.ts";
import { compare } from "../../../src/ops/sequence/compare.ts";
import { compareDenseOp } from "../../../src/ops/sequence/compare_dense.ts";
import { hashAttention } from "../../../src/ops/sequence/hash_attention.ts";
import { fitsHashSlices } from "../../../src/ops/sequence/hash_slices.ts";
import { placeSlicesOf } from "../../../src/ops/sequence/place_slices.ts";
import { poolHistory } from "../../../src/ops/sequence/pooling.ts";
import { placeDots, weightedPool } from "../../../src/ops/sequence/weighted_pooling.ts";
import { reshape } from "../../../src/ops/shape/reshape.ts";
import { assert, assertEquals } from "@std/assert";
import { denseReference } from "../../reference/dense.ts";
import {
  compare as compareReference,
  placeDots as dotsReference,
  pool,
  weightedPool as weightedReference,
} from "../../reference/history.ts";
import { hashAttention as hashReference } from "../../reference/sign_hash.ts";
import { paperGpu } from "../../paper_device.ts";
import { checkOp, type OpCheck, runOp } from "../../support.ts";

/** Lengths of the rows of a batch, in histories of one slice and of several, by vectors, pairs and single numbers. */
const CASES = [
  { places: 50, width: 32, lengths: [0, 1, 37, 50] },
  { places: 1000, width: 32, lengths: [1000, 0, 129] },
  { places: 1000, width: 3, lengths: [999, 1] },
  { places: 131, width: 50, lengths: [64, 131, 0] },
  { places: 70, width: 260, lengths: [65] },
  { places: 9, width: 65, lengths: [0, 9, 5] },
];

/** Checks an op by slices, and that it gives the same bytes twice and to a row by itself. */
async function checkSlices(check: OpCheck): Promise<void> {
  const run = { ...check, sampled: 40, kernels: "slices" };
  await checkOp(run);
  const [first, again] = [await runOp(run), await runOp(run)];
  assert(first.others.some((name) => name === "columns" || name === "rows"), "slices did not run");
  assertEquals(first.y, again.y);
  assertEquals(first.gradients, again.gradients);
}

for (const { places, width, lengths } of CASES) {
  const batch = lengths.length;
  const sizes = { batch, places, width };
  const shape = `[${batch}, ${places}, ${width}]`;
  const history = { x: ["B", places, width], lengths: ["B"] } as const;
  const shared = { integers: ["lengths"], batch, prepare: { lengths: () => Float64Array.from(lengths) } };
  Deno.test(`a target beside the items of a history ${shape} has its gradients by slices`, () =>
    checkSlices({
      inputs: { q: ["B", width], x: ["B", places, width] },
      batch,
      build: ({ q, x }) => compare(q, x),
      reference: ({ q, x }) => compareReference(sizes, q, x),
    }));
  for (const [mode, targets] of [["sum", 0], ["mean", 0], ["max", 0], ["mean", 2], ["max", 2]] as const) {
    const behind = targets > 0 ? ` and ${targets} targets behind it` : "";
    Deno.test(`the ${mode} of a history ${shape}${behind} and its gradient match their reference by slices`, () =>
      checkSlices({
        ...shared,
        inputs: history,
        prepare: { lengths: () => Float64Array.from(lengths, (length) => Math.min(length, places - targets)) },
        build: ({ x, lengths }) => poolHistory(x, lengths, mode, undefined, targets),
        reference: ({ x, lengths }) => pool({ ...sizes, targets }, mode, x, lengths),
      }));
  }
  Deno.test(`a weighted sum over a history ${shape} and its gradients match their reference by slices`, () =>
    checkSlices({
      ...shared,
      inputs: { ...history, w: ["B", places] },
      build: ({ x, w, lengths }) => weightedPool(x, w, lengths),
      reference: ({ x, w, lengths }) => weightedReference(sizes, x, w, lengths),
    }));
  Deno.test(`dot products with the places of a history ${shape} have their gradients by slices`, () =>
    checkSlices({
      ...shared,
      inputs: { ...history, row: ["B", width] },
      build: ({ x, row, lengths }) => placeDots(x, row, lengths),
      reference: ({ x, row, lengths }) => dotsReference(sizes, x, row, lengths),
    }));
  Deno.test(`scores of a history ${shape} that weigh its items have their gradients by slices`, () =>
    checkSlices({
      ...shared,
      inputs: { ...history, q: ["B", width], w: [4 * width, 1] },
      prepare: { ...shared.prepare, w: (values) => values.map((value) => value / width) },
      build: ({ q, x, w, lengths }) => {
        const scores = apply(compareDenseOp, [q, x, w], { activation: "none", dropout: undefined });
        return weightedPool(x, reshape(scores, ["B", places]), lengths);
      },
      reference: ({ q, x, w, lengths }) => {
        const z = compareReference(sizes, q, x);
        const scores = denseReference(z, w, undefined, [batch * places, 4 * width, 1], "none");
        return weightedReference(sizes, x, scores, lengths);
      },
    }));
}

for (const mode of ["sum", "mean", "max"] as const) {
  Deno.test(`the ${mode} of each of several long histories of a row matches its reference by slices`, () =>
    checkSlices({
      inputs: { x: ["B", 390, 6], lengths: ["B", 3] },
      ...{ integers: ["lengths"], batch: 2 },
      prepare: { lengths: () => Float64Array.of(0, 130, 1, 129, 65, 64) },
      build: ({ x, lengths }) => poolHistory(x, lengths, mode),
      reference: ({ x, lengths }) => pool({ batch: 6, places: 130, width: 6 }, mode, x, lengths),
    }));
}

for (
  const { places, width, lengths, codes, bits } of [
    { ...CASES[0], codes: 48, bits: 3 },
    { places: 1000, width: 8, lengths: [1000, 0, 129], codes: 5, bits: 2 },
    { places: 131, width: 50, lengths: [64, 131, 0], codes: 33, bits: 1 },
    { places: 70, width: 36, lengths: [65], codes: 2, bits: 32 },
    { places: 33, width: 5, lengths: [1, 33], codes: 1, bits: 5 },
  ]
) {
  const sizes = { batch: lengths.length, places, width, codes, bits };
  Deno.test(`hash attention and its gradient match their reference by slices: ${JSON.stringify(sizes)}`, () =>
    checkSlices({
      inputs: { q: ["B", width], x: ["B", places, width], lengths: ["B"], directions: [codes, bits, width] },
      ...{ integers: ["lengths"], batch: sizes.batch },
      prepare: { lengths: () => Float64Array.from(lengths) },
      build: ({ q, x, lengths, directions }) => hashAttention(q, x, lengths, directions, false),
      reference: ({ q, x, lengths, directions }) => hashReference(sizes, false, [q, x, lengths, directions]),
    }));
}

Deno.test("a history is cut by its places and width alone, into slices for whole workgroups", () => {
  assertEquals(placeSlicesOf({ places: 1000, width: 32 }), { count: 8, across: 8, parts: 32, slice: 128, slices: 8 });
  assertEquals(placeSlicesOf({ places: 50, width: 32 }), { count: 8, across: 8, parts: 16, slice: 64, slices: 1 });
  assertEquals(placeSlicesOf({ places: 70, width: 260 }), { count: 65, across: 64, parts: 4, slice: 64, slices: 2 });
});

Deno.test("codes are compared by slices where workgroup memory holds the marks of those that differ", () => {
  const { profile: { limits } } = paperGpu();
  assertEquals(fitsHashSlices(limits, { places: 1000, width: 32, codes: 48, bits: 3 }), true);
  assertEquals(fitsHashSlices(limits, { places: 1000, width: 32, codes: 2048, bits: 1 }), false);
});
