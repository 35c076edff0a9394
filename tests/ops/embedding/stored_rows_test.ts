/** Lookups in tables of fewer bits, by every kernel that looks rows up. */
import { embedding } from "../../../src/ops/embedding/embedding.ts";
import { embeddingFm } from "../../../src/ops/embedding/embedding_fm.ts";
import { embeddingPair } from "../../../src/ops/embedding/embedding_pair.ts";
import { linearSum } from "../../../src/ops/embedding/linear_sum.ts";
import { linearWeights } from "../../../src/ops/embedding/stored_rows.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { embeddingReference, linearSumReference } from "../../reference/embedding.ts";
import { fieldSumReference, fmReference } from "../../reference/fm.ts";
import { assertClose } from "../../support.ts";
import { type LookupCase, LookupTrace } from "../lookups.ts";

/** Rows past the table among others. */
const rowOf = (o: number): number => (7 * o) % 25;

/** Looked-up rows are the stored numbers, in their float32 bits where nothing is multiplied. */
async function checkGather(shape: LookupCase, software: boolean): Promise<void> {
  const plain = new LookupTrace({ ...shape, hasValues: false });
  const [rows] = await plain.run([embedding(plain.ids, undefined, plain.table)], { software });
  assertEquals(rows, Float32Array.from(embeddingReference(plain.numbers, plain.tableNumbers, shape.dim)));
  const trace = new LookupTrace(shape);
  const [e] = await trace.run([embedding(trace.ids, trace.values, trace.table)], { software });
  assertClose(e, embeddingReference(trace.numbers, trace.tableNumbers, shape.dim), "e");
}

async function checkPair(shape: LookupCase, software: boolean): Promise<void> {
  const trace = new LookupTrace({ ...shape, hasValues: false });
  const list = trace.list("more", 5, (o) => (3 * o) % 25);
  const { e, more } = embeddingPair(trace.ids, list.tensor, trace.table);
  const [first, second] = await trace.run([e, more], { software });
  const reference = (numbers: typeof trace.numbers) =>
    Float32Array.from(embeddingReference(numbers, trace.tableNumbers, shape.dim));
  assertEquals(first, reference(trace.numbers));
  assertEquals(second, reference({ ...trace.numbers, ids: list.ids, fields: 5 }));
}

async function checkFm(shape: LookupCase, software: boolean): Promise<void> {
  const trace = new LookupTrace(shape);
  const { fields, dim } = shape;
  const fused = embeddingFm(trace.ids, trace.values, trace.table, trace.linear);
  const [e, sum, y] = await trace.run([fused.embedding, fused.sum, fused.logits], { software });
  const expected = embeddingReference(trace.numbers, trace.tableNumbers, dim);
  const linear = linearSumReference(trace.numbers, trace.linearNumbers);
  assertClose(e, expected, "e");
  assertClose(sum, fieldSumReference(expected, fields, dim), "sum");
  assertClose(y, fmReference(expected, fields, dim).map((value, b) => value + linear[b]), "logits");
}

for (const storage of ["f16", "int8", "int4"] as const) {
  for (const dim of [1, 2, 4, 10, 16, 17]) {
    for (const software of [true, false]) {
      const adapter = software ? "a software adapter" : "a GPU";
      Deno.test(`lookups of ${storage} rows match their reference when D is ${dim} on ${adapter}`, async () => {
        for (const shardRows of [23, 5]) {
          const shape = { fields: 3, batch: 37, rows: 23, dim, storage, shardRows, rowOf };
          await checkGather(shape, software);
          await checkPair(shape, software);
          await checkFm(shape, software);
        }
      });
    }
  }
}

for (const software of [true, false]) {
  const adapter = software ? "a software adapter" : "a GPU";
  Deno.test(`linearSum adds f16 weights on ${adapter}`, async () => {
    for (const shardRows of [23, 5]) {
      const trace = new LookupTrace({ fields: 7, batch: 37, rows: 23, dim: 4, storage: "int8", shardRows, rowOf });
      const [y] = await trace.run([linearSum(trace.ids, trace.values, trace.linear)], { software });
      assertClose(y, linearSumReference(trace.numbers, trace.linearNumbers), "y");
    }
  });
}

Deno.test("first-order weights as integers are refused", () => {
  assertThrows(
    () => linearWeights({ storage: "int8" }),
    TypeError,
    "Cannot read first-order weights: they must be stored as f32 or f16, received int8",
  );
});
