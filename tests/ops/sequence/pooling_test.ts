import { poolHistory, type Pooling } from "../../../src/ops/sequence/pooling.ts";
import { allPlaces, atLeast, atMost, latestPlaces, pieceLengths } from "../../../src/ops/sequence/latest.ts";
import { placeDots, weightedPool } from "../../../src/ops/sequence/weighted_pooling.ts";
import { placeSoftmax } from "../../../src/ops/sequence/place_softmax.ts";
import { compare } from "../../../src/ops/sequence/compare.ts";
import { repeat, sumPlaces } from "../../../src/ops/interaction/field_sums.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import {
  compare as compareReference,
  drawLengths,
  latest,
  placeDots as dotsReference,
  placeSoftmax as softmaxReference,
  pool,
  weightedPool as weightedReference,
} from "../../reference/history.ts";
import { assertClose, checkOp, runOp } from "../../support.ts";

/** Batches, places and widths that go wrong most easily. */
const SIZES = [[1, 1, 1], [37, 6, 4], [5, 12, 7], [3, 2, 65]].map(([batch, places, width]) => ({
  batch,
  places,
  width,
}));
const integers = ["lengths"];

for (const sizes of SIZES) {
  const { batch, places, width } = sizes;
  const shape = `[${batch}, ${places}, ${width}]`;
  const history = { x: ["B", places, width], lengths: ["B"] } as const;
  const prepare = { lengths: drawLengths(places) };
  for (const mode of ["sum", "mean", "max"] as Pooling[]) {
    Deno.test(`the ${mode} of a history ${shape} matches its reference and central differences`, () =>
      checkOp({
        inputs: history,
        ...{ integers, batch, prepare },
        build: ({ x, lengths }) => poolHistory(x, lengths, mode),
        reference: ({ x, lengths }) => pool(sizes, mode, x, lengths),
      }));
  }
  for (const mode of ["mean", "max"] as Pooling[]) {
    Deno.test(`the ${mode} of a history and a target behind it, ${shape}, matches its reference`, () =>
      checkOp({
        inputs: history,
        ...{ integers, batch },
        prepare: { lengths: drawLengths(places - 1) },
        build: ({ x, lengths }) => poolHistory(x, lengths, mode, undefined, 1),
        reference: ({ x, lengths }) => pool({ ...sizes, targets: 1 }, mode, x, lengths),
      }));
  }
  for (const count of new Set([1, Math.min(2, places), places])) {
    for (const aligned of [false, true]) {
      const how = aligned ? ", from the first place on," : "";
      Deno.test(`the latest ${count} places of a history ${shape}${how} match their reference`, () =>
        checkOp({
          inputs: history,
          ...{ integers, batch, prepare },
          build: ({ x, lengths }) => latestPlaces(x, lengths, count, { aligned }),
          reference: ({ x, lengths }) => latest(sizes, { count, aligned }, x, lengths),
        }));
    }
  }
  Deno.test(`the mean of a weighted history ${shape} divides by the sum of weights`, () =>
    checkOp({
      inputs: { ...history, w: [places, "B"] },
      ...{ integers, batch },
      prepare: { ...prepare, w: (values) => values.map((value) => 1.5 + value) },
      build: ({ x, lengths, w }) => poolHistory(x, lengths, "mean", w),
      reference: ({ x, lengths, w }) => pool(sizes, "mean", x, lengths, w),
      // Weights are data: they have no gradient.
    }));
  Deno.test(`a weighted sum over a history ${shape} matches its reference and central differences`, () =>
    checkOp({
      inputs: { ...history, w: ["B", places] },
      ...{ integers, batch, prepare },
      build: ({ x, w, lengths }) => weightedPool(x, w, lengths),
      reference: ({ x, w, lengths }) => weightedReference(sizes, x, w, lengths),
    }));
  Deno.test(`dot products of a row with the places of a history ${shape} match their reference`, () =>
    checkOp({
      inputs: { ...history, row: ["B", width] },
      ...{ integers, batch, prepare },
      build: ({ x, row, lengths }) => placeDots(x, row, lengths),
      reference: ({ x, row, lengths }) => dotsReference(sizes, x, row, lengths),
    }));
  Deno.test(`softmax over the places of a history [${batch}, ${places}] matches its reference`, () =>
    checkOp({
      inputs: { x: ["B", places], lengths: ["B"] },
      ...{ integers, batch },
      prepare: { ...prepare, x: (values) => values.map((value) => 4 * value) },
      build: ({ x, lengths }) => placeSoftmax(x, lengths),
      reference: ({ x, lengths }) => softmaxReference(sizes, x, lengths),
    }));
  Deno.test(`a target beside the items of a history ${shape} matches its reference`, () =>
    checkOp({
      inputs: { q: ["B", width], x: ["B", places, width] },
      batch,
      build: ({ q, x }) => compare(q, x),
      reference: ({ q, x }) => compareReference(sizes, q, x),
    }));
  Deno.test(`a target for each item of a history ${shape} matches its reference`, () =>
    checkOp({
      inputs: { q: ["B", places, width], x: ["B", places, width] },
      batch,
      build: ({ q, x }) => compare(q, x),
      reference: ({ q, x }) => compareReference(sizes, q, x),
    }));
  Deno.test(`rows repeated at places ${shape}, and their sums, match their reference`, async () => {
    await checkOp({
      inputs: { x: ["B", width] },
      batch,
      build: ({ x }) => repeat(x, places),
      reference: ({ x }) =>
        Float64Array.from(
          { length: batch * places * width },
          (_, i) => x[Math.floor(i / (places * width)) * width + i % width],
        ),
    });
    await checkOp({
      inputs: { x: ["B", places, width] },
      batch,
      build: ({ x }) => sumPlaces(x),
      reference: ({ x }) => pool(sizes, "sum", x, new Float64Array(batch).fill(places)),
    });
  });
}

Deno.test("softmax over places does not overflow at large scores", () =>
  checkOp({
    inputs: { x: ["B", 3], lengths: ["B"] },
    integers,
    batch: 2,
    prepare: { x: () => Float64Array.of(500, 499, -500, -300, -301, -302), lengths: () => Float64Array.of(2, 3) },
    build: ({ x, lengths }) => placeSoftmax(x, lengths),
    reference: ({ x, lengths }) => {
      const shifted = x.map((value, i) => value - (i < 3 ? 500 : -300));
      return softmaxReference({ batch: 2, places: 3, width: 1 }, shifted, lengths);
    },
  }));

Deno.test("an empty history can count as one of so many places", () =>
  checkOp({
    inputs: { x: ["B", 3, 1], lengths: ["B"] },
    ...{ integers, batch: 3 },
    prepare: { lengths: () => Float64Array.of(0, 1, 3) },
    build: ({ x, lengths }) => poolHistory(x, atLeast(lengths, 2), "sum"),
    reference: ({ x }) => pool({ batch: 3, places: 3, width: 1 }, "sum", x, Float64Array.of(2, 1, 3)),
  }));

Deno.test("atMost bounds the lengths of histories", () =>
  checkOp({
    inputs: { x: ["B", 3, 1], lengths: ["B"] },
    ...{ integers, batch: 3 },
    prepare: { lengths: () => Float64Array.of(0, 1, 3) },
    build: ({ x, lengths }) => poolHistory(x, atMost(lengths, 2), "sum"),
    reference: ({ x }) => pool({ batch: 3, places: 3, width: 1 }, "sum", x, Float64Array.of(0, 1, 2)),
  }));

for (const mode of ["sum", "mean", "max"] as const) {
  Deno.test(`${mode} of each of several histories of a row matches its reference`, () =>
    checkOp({
      inputs: { x: ["B", 12, 5], lengths: ["B", 3] },
      ...{ integers, batch: 7 },
      prepare: { lengths: drawLengths(4) },
      build: ({ x, lengths }) => poolHistory(x, lengths, mode),
      reference: ({ x, lengths }) => pool({ batch: 21, places: 4, width: 5 }, mode, x, lengths),
    }));
}

Deno.test("histories are cut into pieces, the last of which is shorter", () =>
  checkOp({
    inputs: { x: ["B", 6, 1], lengths: ["B"] },
    ...{ integers, batch: 5 },
    prepare: { lengths: () => Float64Array.of(0, 1, 2, 5, 6) },
    build: ({ x, lengths }) => {
      const cut = pieceLengths(lengths, 2, 3);
      return poolHistory(poolHistory(x, cut.lengths, "mean"), cut.pieces, "sum");
    },
    reference: ({ x }) => {
      const of = Float64Array.of(0, 0, 0, 1, 0, 0, 2, 0, 0, 2, 2, 1, 2, 2, 2);
      const means = pool({ batch: 15, places: 2, width: 1 }, "mean", x, of);
      return pool({ batch: 5, places: 3, width: 1 }, "sum", means, Float64Array.of(0, 1, 1, 3, 3));
    },
  }));

Deno.test("all histories can count as ones of so many places", () =>
  checkOp({
    inputs: { x: ["B", 3, 1], lengths: ["B"] },
    ...{ integers, batch: 3 },
    build: ({ x, lengths }) => poolHistory(x, allPlaces(lengths, 2), "sum"),
    reference: ({ x }) => pool({ batch: 3, places: 3, width: 1 }, "sum", x, Float64Array.of(2, 2, 2)),
  }));

interface PoolingCase {
  rows: number[][];
  padded_ids: number[][];
  inputs: { name: string; shape: number[]; data: number[] }[];
  modes: Record<string, { out: number[][] }>;
}

Deno.test("pooling equals PyTorch's embedding_bag", async () => {
  const golden: PoolingCase = JSON.parse(
    await Deno.readTextFile(new URL("../../golden/pooling.json", import.meta.url)),
  );
  const table = golden.inputs.find(({ name }) => name === "table")!;
  const width = table.shape[1];
  const batch = golden.rows.length;
  const places = golden.padded_ids[0].length;
  const items = golden.padded_ids.flat().flatMap((id) => table.data.slice(id * width, (id + 1) * width));
  for (const mode of ["sum", "mean", "max"] as const) {
    const { y } = await runOp({
      inputs: { x: ["B", places, width], lengths: ["B"] },
      ...{ integers, batch },
      prepare: {
        x: () => Float64Array.from(items),
        lengths: () => Float64Array.from(golden.rows, (row) => row.length),
      },
      build: ({ x, lengths }) => poolHistory(x, lengths, mode),
    });
    assertClose(y, golden.modes[mode].out.flat(), mode, { rtol: 1e-6 });
  }
});

Deno.test("ops over histories refuse shapes that do not fit", () => {
  const graph = new Graph("train");
  const [x, flat, lengths] = [
    graph.input("x", ["B", 3, 4]),
    graph.input("flat", ["B", 4]),
    graph.input("lengths", ["B"], "u32"),
  ];
  assertThrows(() => poolHistory(flat, lengths, "sum"), TypeError, "shape [B, L, N], received [B, 4]");
  assertThrows(() => poolHistory(x, flat, "sum"), TypeError, "lengths must have shape [B] and type u32");
  assertThrows(() => poolHistory(x, lengths, "median" as Pooling), RangeError, 'max, received "median"');
  assertThrows(() => weightedPool(x, flat, lengths), TypeError, "weights must have shape [B, 3], received [B, 4]");
  assertThrows(() => placeDots(x, x, lengths), TypeError, "row must have shape [B, 4], received [B, 3, 4]");
  assertThrows(() => compare(lengths, x), TypeError, "target must have shape [B, 4], received [B]");
  assertThrows(() => repeat(x, 3), TypeError, "shape [B, N], received [B, 3, 4]");
  assertThrows(() => placeSoftmax(x, lengths), TypeError, "shape [B, L], received [B, 3, 4]");
});
