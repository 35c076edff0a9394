import { differentiate, Gradients } from "../../src/graph/autodiff.ts";
import { Graph } from "../../src/graph/graph.ts";
import { apply, applyAll, type Op } from "../../src/graph/node.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { zeros } from "../../src/initializer.ts";
import { add } from "../../src/ops/dense/add.ts";
import { matmul } from "../../src/ops/dense/matmul.ts";
import { activation } from "../../src/ops/dense/pointwise.ts";
import { flatten } from "../../src/ops/shape/reshape.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkOp } from "../support.ts";

Deno.test("differentiate sums the gradients of a tensor that several ops read", () =>
  checkOp({
    inputs: { x: ["B", 6] },
    batch: 37,
    build: ({ x }) => {
      const s = activation(x, "sigmoid");
      return add(activation(s, "tanh"), s, activation(add(s, x), "tanh"), x);
    },
    reference: ({ x }) =>
      x.map((value) => {
        const s = 1 / (1 + Math.exp(-value));
        return Math.tanh(s) + s + Math.tanh(s + value) + value;
      }),
  }));

Deno.test("differentiate takes an op's inputs apart when they are one tensor", () =>
  checkOp({
    inputs: { x: ["B", 4] },
    batch: 5,
    build: ({ x }) => activation(add(x, x), "tanh"),
    reference: ({ x }) => x.map((value) => Math.tanh(2 * value)),
  }));

Deno.test("differentiate passes gradients through reshaped tensors", () =>
  checkOp({
    inputs: { x: ["B", 2, 3] },
    batch: 7,
    build: ({ x }) => add(activation(flatten(x), "tanh"), flatten(x)),
    reference: ({ x }) => x.map((value) => Math.tanh(value) + value),
  }));

function upstream(graph: Graph, y: Tensor): Tensor {
  return graph.input("upstream", y.shape);
}

Deno.test("differentiate sums over all uses of a parameter and leaves statistics out", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4]);
  const use = (h: Tensor): Tensor => matmul(h, graph.parameter("w", [4, 4], zeros()));
  const y = add(use(use(x)), use(x));
  const shifted = matmul(y, graph.statistic("s", [4, 4], zeros()));
  const { parameters, inputs } = differentiate(shifted, upstream(graph, shifted), add);
  assertEquals([...parameters.keys()].map(({ name }) => name), ["w"]);
  assertEquals(parameters.get(graph.declarations.parameters.get("w")!)!.node!.op.name, "add");
  assertEquals([...inputs.keys()], [x]);
});

Deno.test("differentiate gives nothing to what the output does not depend on", () => {
  const graph = new Graph("train");
  const [x, z] = [graph.input("x", ["B", 4]), graph.input("z", ["B", 4])];
  activation(z, "tanh");
  const y = activation(x, "tanh");
  const { inputs } = differentiate(y, upstream(graph, y), add);
  assertEquals([inputs.has(x), inputs.has(z)], [true, false]);
});

Deno.test("differentiate of a leaf is its upstream gradient", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 1]);
  const dx = upstream(graph, x);
  assert(differentiate(x, dx, add).inputs.get(x) === dx);
});

Deno.test("differentiate hands each output of a node its own gradient, undefined where unread", () => {
  const seen: boolean[][] = [];
  const pairOp: Op<null> = {
    name: "pair",
    outputs: ([x]) => [x.shape, x.shape, x.shape],
    emit: () => {},
    backward: (_, dOutputs) => {
      seen.push(dOutputs.map((gradient) => gradient !== undefined));
      return [dOutputs[1]];
    },
  };
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 2]);
  const [, b, c] = applyAll(pairOp, [x], null);
  const y = add(b, c);
  differentiate(y, upstream(graph, y), add);
  assertEquals(seen, [[false, true, true]]);
});

Deno.test("an op's backward can take the gradient that ops further on have by its input", () => {
  const taken: (Tensor | undefined)[] = [];
  const takingOp: Op<null> = {
    name: "taking",
    outputs: ([x]) => [x.shape],
    emit: () => {},
    backward: ({ inputs: [x] }, [dy], gradients) => {
      taken.push(gradients.take(x));
      return [dy];
    },
  };
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 2]);
  const before = activation(x, "tanh");
  const y = add(apply(takingOp, [x], null), apply(takingOp, [before], null), x);
  const dy = upstream(graph, y);
  const { inputs } = differentiate(y, dy, add);
  assertEquals(taken, [undefined, dy]);
  assertEquals(inputs.get(x)!.node!.op.name, "add");
});

Deno.test("differentiate names an op on the way that has no backward", () => {
  const stepOp: Op<null> = { name: "step", outputs: ([x]) => [x.shape], emit: () => {} };
  const graph = new Graph("train");
  const y = activation(apply(stepOp, [graph.input("x", ["B", 2])], null), "tanh");
  assertThrows(
    () => differentiate(y, upstream(graph, y), add),
    TypeError,
    "Cannot differentiate: the op has no backward, received step",
  );
});

Deno.test("Gradients keeps every lookup of a table apart", () => {
  const graph = new Graph("train");
  graph.table("t", 10, 4, zeros());
  const table = graph.declarations.tables.get("t")!;
  const gradients = new Gradients();
  const ids = graph.input("ids", [2, "B"], "u32");
  gradients.addTable(table, { ids });
  gradients.addTable(table, { ids });
  assertEquals(gradients.tables.get(table)!.length, 2);
});
