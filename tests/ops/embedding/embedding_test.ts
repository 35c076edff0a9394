import { assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { zeros } from "../../../src/initializer.ts";
import { embedding } from "../../../src/ops/embedding/embedding.ts";
import { embeddingReference } from "../../reference/embedding.ts";
import { assertClose } from "../../support.ts";
import { type LookupCase, LookupTrace } from "../lookups.ts";

async function checkEmbedding(shape: LookupCase, software?: boolean): Promise<void> {
  const trace = new LookupTrace(shape);
  const [e] = await trace.run([embedding(trace.ids, trace.values, trace.table)], { software });
  assertClose(e, embeddingReference(trace.numbers, trace.tableNumbers, shape.dim), "e");
}

for (const dim of [1, 4, 10, 16, 17, 64]) {
  for (const software of [true, false]) {
    const adapter = software ? "a software adapter" : "a GPU";
    Deno.test(`embedding matches its reference when D is ${dim} on ${adapter}`, () =>
      checkEmbedding({ fields: 7, batch: 37, rows: 23, dim }, software));
  }
}

Deno.test("embedding looks one sample of one field up", () =>
  checkEmbedding({ fields: 1, batch: 1, rows: 5, dim: 16 }));

Deno.test("embedding leaves rows unscaled without values", () =>
  checkEmbedding({ fields: 3, batch: 37, rows: 23, dim: 10, hasValues: false }));

Deno.test("embedding hands all occurrences the same row", () =>
  checkEmbedding({ fields: 3, batch: 37, rows: 23, dim: 16, rowOf: () => 22 }));

Deno.test("embedding gathers from a table of several shards", () =>
  checkEmbedding({ fields: 7, batch: 37, rows: 23, dim: 16, shardRows: 5 }));

Deno.test("embedding reads rows past the table as zeros, in one shard and in several", async () => {
  for (const shardRows of [23, 5]) {
    const far = [23, 24, 0xffffffff];
    await checkEmbedding({ fields: 3, batch: 37, rows: 23, dim: 4, shardRows, rowOf: (o) => far[o % 5] ?? o % 23 });
  }
});

Deno.test("embedding runs in a grid of more than 65,535 workgroups", () =>
  checkEmbedding({ fields: 67, batch: 65_536, rows: 23, dim: 1, hasValues: false }));

Deno.test("embedding refuses ids that are not [F, B] of u32", () => {
  const graph = new Graph("train");
  const table = graph.table("embedding", 5, 4, zeros());
  assertThrows(
    () => embedding(graph.input("a", ["B", 3], "u32"), undefined, table),
    TypeError,
    "Cannot build embedding: ids must have shape [F, B] and type u32, received [B, 3] u32",
  );
  assertThrows(
    () => embedding(graph.input("b", [3, "B"], "u32"), graph.input("c", [2, "B"]), table),
    TypeError,
    "Cannot build embedding: values must have shape [3, B] and type f32, received [2, B] f32",
  );
});
