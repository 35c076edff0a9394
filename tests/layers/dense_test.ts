import { Graph } from "../../src/graph/graph.ts";
import { activation, dense } from "../../src/layers/mod.ts";
import { assertEquals } from "@std/assert";

Deno.test("dense applies its activation as a layer of its own would", () => {
  for (const kind of ["relu", "gelu", "prelu"] as const) {
    const [graph, separate] = [new Graph("train"), new Graph("train")];
    dense(graph.input("x", ["B", 6]), 4, { name: "top", activation: kind });
    const z = dense(separate.input("x", ["B", 6]), 4, { name: "top" });
    activation(z, kind, { name: `top.${kind}` });
    assertEquals(graph.nodes.map(({ op }) => op.name), separate.nodes.map(({ op }) => op.name));
    assertEquals([...graph.declarations.parameters.keys()], [...separate.declarations.parameters.keys()]);
  }
});
