import { Graph, type Mode } from "../../../src/graph/graph.ts";
import { routeToClusters } from "../../../src/ops/dense/cluster_routing.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { route } from "../../reference/domains.ts";
import { runOp } from "../../support.ts";

interface Case {
  batch: number;
  columns: number;
  clusters: number;
  rows?: number;
  passes?: number;
  mode?: Mode;
}

const CASES: Case[] = [
  { batch: 1, columns: 1, clusters: 1 },
  { batch: 37, columns: 17, clusters: 5, passes: 1 },
  { batch: 50, columns: 300, clusters: 3 },
  { batch: 50, columns: 6, clusters: 20, rows: 19 },
  { batch: 50, columns: 8, clusters: 4, mode: "predict" },
];

for (const sizes of CASES) {
  Deno.test(`rows are routed as by the reference: ${JSON.stringify(sizes)}`, async () => {
    const { batch, columns, clusters, mode, rows = batch, passes = 3 } = sizes;
    const rate = 0.9;
    const { y, values } = await runOp({
      inputs: { x: ["B", columns], centers: [clusters, columns] },
      ...{ batch, rows, mode },
      build: ({ x, centers }) => routeToClusters(x, centers, { passes, rate }),
    });
    const moves = mode === "predict" ? 0 : passes;
    const expected = route(values.x, values.centers, { columns, rows, passes: moves, rate });
    assertEquals([...new Uint32Array(y.buffer)], expected);
  });
}

Deno.test("routing refuses centers of another width", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4]);
  const options = { passes: 3, rate: 0.9 };
  assertThrows(() => routeToClusters(x, graph.input("a", [3, 5]), options), TypeError, "received [B, 4] and [3, 5]");
});
