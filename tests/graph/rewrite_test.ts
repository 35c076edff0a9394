import { Graph } from "../../src/graph/graph.ts";
import type { Node } from "../../src/graph/node.ts";
import { rewrite, type Rule } from "../../src/graph/rewrite.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { zeros } from "../../src/initializer.ts";
import { add, addOp } from "../../src/ops/dense/add.ts";
import { batchNorm } from "../../src/ops/dense/batch_norm.ts";
import { activation, activationOp, dropout } from "../../src/ops/dense/pointwise.ts";
import { flatten, reshape } from "../../src/ops/shape/reshape.ts";
import { rewrites } from "../../src/ops/rewrites.ts";
import { assert, assertEquals } from "@std/assert";
import { run } from "../run.ts";
import { randomArray, step } from "../support.ts";

/** Names of the ops that `tensor` depends on, in their order; ops that were replaced stay in the trace, unread. */
function namesOf(tensor: Tensor): string[] {
  const live = new Set<Node>();
  const visit = (node: Node | undefined): void => {
    if (!node || live.has(node)) return;
    live.add(node);
    for (const input of node.inputs) visit(input.node);
  };
  visit(tensor.node);
  return tensor.graph.nodes.filter((node) => live.has(node)).map((node) => node.op.name);
}

Deno.test("rewrite without rules copies a trace into a graph of its own", () => {
  const graph = new Graph("predict");
  const x = graph.input("x", ["B", 4]);
  const w = graph.parameter("w", [4], zeros());
  const y = activation(add(x, activation(x, "relu")), "tanh");
  const [copy, weight] = rewrite([y, w], []);
  assert(copy.graph !== graph && copy.graph.mode === "predict" && copy.graph.declarations === graph.declarations);
  assertEquals(namesOf(copy), namesOf(y));
  assertEquals(weight.origin, w.origin);
  assert(copy.graph === weight.graph && copy.graph.input("x", ["B", 4]) === copy.node!.inputs[0].node!.inputs[0]);
});

Deno.test("rewrite hands a rule the copies, the readers and the right to replace", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4]);
  const r = activation(x, "relu");
  const y = add(r, activation(r, "tanh"));
  const skipRelu: Rule = (node, context) => {
    if (node.op !== activationOp || node.inputs[0] !== x) return false;
    assertEquals(context.readersOf(r).map(({ op }) => op), [activationOp, addOp]);
    context.replace(r, context.copyOf(x));
    return true;
  };
  const [copy] = rewrite([y], [skipRelu]);
  assertEquals(namesOf(copy), ["activation", "add"]);
  assertEquals(copy.node!.inputs[0].origin, { kind: "input", name: "x" });
});

function normalized(graph: Graph): Tensor {
  const columns = ["gamma", "beta", "mean", "variance"].map((name) => graph.input(name, [5]));
  return batchNorm(graph.input("x", ["B", 5]), columns[0], columns[1], columns[2], columns[3]);
}

Deno.test("rewrites fold activation and dropout into batch norm and change no bit", async () => {
  const y = dropout(activation(normalized(new Graph("train")), "relu"), 0.5, 3);
  const [fused] = rewrite([y], rewrites);
  assertEquals(namesOf(fused), ["batch_norm"]);
  const ones = new Float32Array(5).fill(1);
  const inputs = { x: Float32Array.from(randomArray(60, 2)), gamma: ones, beta: ones, mean: ones, variance: ones };
  const results = await Promise.all(
    [y, fused].map((tensor) => run([tensor], { batch: 12, steps: [step(11)], inputs })),
  );
  assertEquals(new Float32Array(results[1][0]), new Float32Array(results[0][0]));
});

Deno.test("rewrites fold a dropout into the activation before it", () => {
  const x = new Graph("train").input("x", ["B", 4]);
  const [y] = rewrite([dropout(activation(x, "relu"), 0.5, 1)], rewrites);
  assertEquals(namesOf(y), ["activation"]);
  assertEquals(y.node!.attributes, { activation: "relu", dropout: { rate: 0.5, salt: 1 } });
});

Deno.test("rewrites leave an activation alone when its input is read by another op", () => {
  const z = normalized(new Graph("train"));
  const [y] = rewrite([add(activation(z, "relu"), z)], rewrites);
  assertEquals(namesOf(y), ["batch_norm", "activation", "add"]);
});

Deno.test("rewrites never move a dropout in front of an activation", () => {
  const z = normalized(new Graph("train"));
  const [y] = rewrite([activation(dropout(z, 0.5, 1), "sigmoid")], rewrites);
  assertEquals(namesOf(y), ["batch_norm", "activation"]);
});

Deno.test("rewrites take the same shape of a tensor once, and other shapes apart", () => {
  const x = new Graph("train").input("x", ["B", 2, 3]);
  const shapes = [flatten(x), flatten(x), reshape(x, ["B", 3, 2])];
  const [first, second, other] = rewrite(shapes, rewrites);
  assert(first === second && other !== first);
});
