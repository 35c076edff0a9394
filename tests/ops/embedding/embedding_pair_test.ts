import { defineModel } from "../../../src/definition.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { rewrite } from "../../../src/graph/rewrite.ts";
import { zeros } from "../../../src/initializer.ts";
import { concat, dense, embeddings, flatten, poolPlaces } from "../../../src/layers/mod.ts";
import { embedding } from "../../../src/ops/embedding/embedding.ts";
import { embeddingPair } from "../../../src/ops/embedding/embedding_pair.ts";
import { rewrites } from "../../../src/ops/rewrites.ts";
import { assert, assertEquals } from "@std/assert";
import { embeddingReference } from "../../reference/embedding.ts";
import { assertClose } from "../../support.ts";
import { CRITEO, describeStep } from "../../training_plan.ts";
import { type LookupCase, LookupTrace } from "../lookups.ts";

async function check(shape: LookupCase, others: number, software: boolean): Promise<void> {
  const trace = new LookupTrace({ ...shape, hasValues: false });
  const far = [shape.rows, 0xffffffff];
  const list = trace.list("more", others, (o) => far[o % 7] ?? 3 * o % shape.rows);
  const { e, more } = embeddingPair(trace.ids, list.tensor, trace.table);
  const joined = e.node!.outputs[2];
  const [first, second, ids] = await trace.run([e, more, joined], { software });
  const { numbers } = trace;
  const moreNumbers = { ...numbers, ids: list.ids, fields: others };
  assertClose(first, embeddingReference(numbers, trace.tableNumbers, shape.dim), "e");
  assertClose(second, embeddingReference(moreNumbers, trace.tableNumbers, shape.dim), "more");
  assertEquals([...new Uint32Array(ids.buffer)], [...numbers.ids, ...list.ids]);
  const [alone] = await trace.run([more], { software });
  assertEquals(alone, second);
}

for (const dim of [1, 4, 10, 17, 64]) {
  for (const software of [true, false]) {
    const adapter = software ? "a software adapter" : "a GPU";
    Deno.test(`two lookups at once match their reference when D is ${dim} on ${adapter}`, async () => {
      await check({ fields: 3, batch: 37, rows: 23, dim }, 5, software);
      await check({ fields: 2, batch: 1, rows: 23, dim, shardRows: 5 }, 1, software);
    });
  }
}

Deno.test("rewrites look up at once what is looked up twice, and not what has values or is looked up more often", () => {
  const names = (build: (graph: Graph) => ReturnType<typeof embedding>[]): string[] => {
    const copies = rewrite(build(new Graph("train")), rewrites);
    return copies.map(({ node }) => node!.op.name);
  };
  const ids = (graph: Graph, name: string) => graph.input(name, [2, "B"], "u32");
  const table = (graph: Graph) => graph.table("embedding", 9, 4, zeros());
  const lookup = (graph: Graph, name: string) => embedding(ids(graph, name), undefined, table(graph));
  assertEquals(names((graph) => [lookup(graph, "a"), lookup(graph, "b")]), ["embedding_pair", "embedding_pair"]);
  assertEquals(names((graph) => [lookup(graph, "a")]), ["embedding"]);
  assert(names((graph) => ["a", "b", "c"].map((name) => lookup(graph, name))).every((name) => name === "embedding"));
  const valued = (graph: Graph) => embedding(ids(graph, "b"), graph.input("v", [2, "B"]), table(graph));
  assertEquals(names((graph) => [lookup(graph, "a"), valued(graph)]), ["embedding", "embedding"]);
});

const pooled = defineModel("pooled", (x, { widths }: { widths: readonly number[] }) => {
  const parts = widths.flatMap((dim, i) => {
    const { fields, histories } = embeddings(x, dim, { name: `embedding_${i}` });
    return [flatten(fields), ...histories.map(({ items, lengths }) => poolPlaces({ x: items, lengths }))];
  });
  return dense(concat(...parts), 1);
}, { readsHistories: true });

Deno.test("tables with the same lookups share their row numbers, which are sorted once", async () => {
  const sorts = async (widths: readonly number[]) => {
    const { labels } = await describeStep(pooled({ widths }), CRITEO);
    assert(!labels.includes("join_ids.join_ids"));
    return labels.filter((label) => label === "radixSort.count").length;
  };
  assertEquals(await sorts([16, 8]), await sorts([16]));
});
