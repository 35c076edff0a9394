import { takePlaces } from "../../../src/ops/sequence/take_places.ts";
import { equalPlaces, topPlaces } from "../../../src/ops/sequence/top_places.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { drawLengths } from "../../reference/history.ts";
import { takeEqual, takeLargest } from "../../reference/top_places.ts";
import { checkOp, runOp } from "../../support.ts";

/** Batches, places, widths and choices: of one place, of most, of all, of more than there are. */
const SIZES = [[1, 1, 1, 1], [37, 6, 4, 2], [5, 50, 17, 49], [3, 5, 6, 5], [4, 200, 3, 8], [6, 3, 2, 7]].map(
  ([batch, places, width, top]) => ({ batch, places, width, top }),
);

for (const { batch, places, width, top } of SIZES) {
  const sizes = { batch, places, width };
  const name = `${top} places of a history [${batch}, ${places}, ${width}]`;
  for (const software of [false, true]) {
    const how = software ? "by a thread for each row" : "by threads together";
    Deno.test(`the largest ${name} match their reference ${how}`, () =>
      checkOp({
        software,
        inputs: { x: ["B", places, width], scores: ["B", places], lengths: ["B"] },
        ...{ integers: ["lengths"], batch },
        // Few different scores, so that many are equal, and both zeros.
        prepare: { lengths: drawLengths(places), scores: (values) => values.map((value) => Math.round(3 * value) / 3) },
        build: ({ x, scores, lengths }) => takePlaces(x, topPlaces(scores, lengths, top)),
        reference: ({ x, scores, lengths }) => takeLargest(sizes, top, x, scores, lengths),
      }));
  }
  const attributes = { top, field: 1, member: 1, members: 2 };
  Deno.test(`the newest ${name} with the row of a field match their reference`, () =>
    checkOp({
      inputs: { x: ["B", places, width], ids: [3, "B"], history: [2 * places, "B"], lengths: ["B"] },
      ...{ integers: ["ids", "history", "lengths"], batch },
      prepare: {
        lengths: drawLengths(places),
        ids: (values) => values.map((value) => Math.floor(1.5 * (value + 1))),
        history: (values) => values.map((value) => Math.floor(1.5 * (value + 1))),
      },
      build: ({ x, ids, history, lengths }) => takePlaces(x, equalPlaces(ids, history, lengths, attributes)),
      reference: ({ x, ids, history, lengths }) => takeEqual(sizes, attributes, [x, ids, history, lengths]),
    }));
}

for (const software of [false, true]) {
  Deno.test(`places by several lists of scores match their reference ${software ? "by a thread for each row" : ""}`, () => {
    const [batch, places, width, top, lists] = [7, 9, 5, 4, 3];
    const sizes = { batch: batch * lists, places, width };
    const each = (rows: Float64Array, size: number) =>
      Float64Array.from({ length: rows.length * lists }, (_, i) => {
        const row = Math.floor(i / size / lists);
        return rows[row * size + i % size];
      });
    return checkOp({
      software,
      inputs: { x: ["B", places, width], scores: ["B", lists, places], lengths: ["B"] },
      ...{ integers: ["lengths"], batch },
      prepare: { lengths: drawLengths(places), scores: (values) => values.map((value) => Math.round(3 * value) / 3) },
      build: ({ x, scores, lengths }) => takePlaces(x, topPlaces(scores, lengths, top, lists)),
      reference: ({ x, scores, lengths }) => takeLargest(sizes, top, each(x, places * width), scores, each(lengths, 1)),
    });
  });
}

Deno.test("choices of places tell how many there are", async () => {
  const { y } = await runOp({
    inputs: { scores: ["B", 4], lengths: ["B"] },
    ...{ integers: ["lengths"], batch: 5 },
    prepare: { lengths: () => Float64Array.of(0, 1, 2, 3, 4) },
    build: ({ scores, lengths }) => topPlaces(scores, lengths, 3).counts,
  });
  assertEquals([...new Uint32Array(y.buffer)], [0, 1, 2, 3, 3]);
});

Deno.test("choices of places refuse what does not fit", () => {
  const graph = new Graph("train");
  const [x, scores, lengths] = [
    graph.input("x", ["B", 3, 4]),
    graph.input("scores", ["B", 3]),
    graph.input("lengths", ["B"], "u32"),
  ];
  const ids = graph.input("ids", [2, "B"], "u32");
  assertThrows(() => topPlaces(x, lengths, 2), TypeError, "scores must have shape [B, L], received [B, 3, 4]");
  assertThrows(() => topPlaces(scores, lengths, 2, 3), TypeError, "shape [B, 3, L], received [B, 3]");
  assertThrows(() => topPlaces(scores, lengths, 0), RangeError, "top must be a positive integer, received 0");
  assertThrows(() => topPlaces(scores, scores, 2), TypeError, "lengths must have shape [B] and type u32");
  assertThrows(
    () => equalPlaces(ids, ids, lengths, { top: 1, field: 2, member: 0, members: 1 }),
    RangeError,
    "of those given, received 2 and 0",
  );
  assertThrows(() => takePlaces(scores, topPlaces(scores, lengths, 2)), TypeError, "shape [B, L, N], received [B, 3]");
});
