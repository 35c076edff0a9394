import { bucketSums, bucketValues, cosineBuckets } from "../../../src/ops/sequence/buckets.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { bucketOf } from "../../reference/buckets.ts";
import { drawLengths } from "../../reference/history.ts";
import { checkOp, runOp } from "../../support.ts";

/** Batches, places and buckets: of one place, of one bucket, of more buckets than places. */
const SIZES = [[1, 1, 1], [37, 7, 5], [9, 5, 1], [5, 70, 35]];

for (const [batch, places, count] of SIZES) {
  const size = `${count} buckets of a history [${batch}, ${places}]`;
  const run = {
    ...{ integers: ["buckets", "lengths"], batch },
    prepare: {
      lengths: drawLengths(places),
      buckets: (values: Float64Array) => values.map((value) => Math.floor((value + 1) / 2 * count)),
    },
  };
  Deno.test(`values of ${size} match their reference and central differences`, () =>
    checkOp({
      ...run,
      inputs: { z: ["B", count], buckets: ["B", places], lengths: ["B"] },
      build: ({ z, buckets, lengths }) => bucketValues(z, buckets, lengths),
      reference: ({ z, buckets, lengths }) =>
        buckets.map((bucket, i) =>
          i % places < lengths[Math.floor(i / places)] ? z[Math.floor(i / places) * count + bucket] : 0
        ),
    }));
  Deno.test(`sums of ${size} match their reference and central differences`, () =>
    checkOp({
      ...run,
      inputs: { w: ["B", places], buckets: ["B", places], lengths: ["B"] },
      build: ({ w, buckets, lengths }) => bucketSums(w, buckets, lengths, count),
      reference: ({ w, buckets, lengths }) => {
        const y = new Float64Array(batch * count);
        w.forEach((value, i) => {
          const b = Math.floor(i / places);
          if (i % places < lengths[b]) y[b * count + buckets[i]] += value;
        });
        return y;
      },
    }));
  for (const width of [1, 6]) {
    Deno.test(`cosines of width ${width} fall into ${size} as their reference says`, async () => {
      const { y, values: { q, x, lengths } } = await runOp({
        ...{ integers: ["lengths"], batch },
        inputs: { q: ["B", width], x: ["B", places, width], lengths: ["B"] },
        prepare: {
          lengths: run.prepare.lengths,
          // One place in three is zeros, whose cosine is 0.
          x: (values) => values.map((value, i) => Math.floor(i / width) % 3 === 0 ? 0 : value),
        },
        build: ({ q, x, lengths }) => cosineBuckets(q, x, lengths, count),
      });
      const expected = Array.from({ length: batch * places }, (_, i) => {
        const b = Math.floor(i / places);
        const target = q.subarray(b * width, (b + 1) * width);
        return i % places < lengths[b] ? bucketOf(target, x.subarray(i * width, (i + 1) * width), count) : 0;
      });
      assertEquals([...new Uint32Array(y.buffer, y.byteOffset, y.length)], expected);
    });
  }
}

Deno.test("a place like the target is in the last bucket, its opposite in the first", async () => {
  const { y } = await runOp({
    ...{ inputs: { q: ["B", 2], x: ["B", 3, 2], lengths: ["B"] }, integers: ["lengths"], batch: 1 },
    prepare: {
      q: () => Float64Array.of(0.3, -0.7),
      x: () => Float64Array.of(0.3, -0.7, -0.6, 1.4, 0, 0),
      lengths: () => Float64Array.of(3),
    },
    build: ({ q, x, lengths }) => cosineBuckets(q, x, lengths, 10),
  });
  assertEquals([...new Uint32Array(y.buffer, y.byteOffset, 3)], [9, 0, 5]);
});

Deno.test("buckets refuse what does not fit", () => {
  const graph = new Graph("train");
  const [q, x] = [graph.input("q", ["B", 4]), graph.input("x", ["B", 3, 4])];
  const [lengths, buckets] = [graph.input("lengths", ["B"], "u32"), graph.input("buckets", ["B", 3], "u32")];
  assertThrows(() => cosineBuckets(q, x, lengths, 0), RangeError, "must be a positive integer, received 0");
  assertThrows(() => cosineBuckets(x, x, lengths, 2), TypeError, "target must have shape [B, 4]");
  assertThrows(() => bucketValues(q, q, lengths), TypeError, "buckets must have shape [B, L] and type u32");
  assertThrows(() => bucketSums(q, buckets, lengths, 2), TypeError, "values must have shape [B, 3], received [B, 4]");
});
