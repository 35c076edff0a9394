import { Graph } from "../../src/graph/graph.ts";
import { type MemoryPlan, ownerOf, planMemory } from "../../src/graph/memory.ts";
import { applyAll, type Node, type Op } from "../../src/graph/node.ts";
import { sizeOf, Tensor } from "../../src/graph/tensor.ts";
import { assert, assertEquals } from "@std/assert";
import { randomArray } from "../support.ts";

const BATCH = 8;

const blockOp: Op<readonly number[]> = {
  name: "block",
  outputs: (_, widths) => widths.map((width) => ["B", width] as const),
  emit: () => {},
};

const viewOp: Op<null> = { name: "view", outputs: ([x]) => [x.shape], emit: () => {}, alias: true };

/** A graph of `size` nodes with random inputs, widths, output counts and views. */
function randomGraph(size: number, seed: number): { graph: Graph; tensors: Tensor[] } {
  const graph = new Graph("train");
  const numbers = randomArray(16 * size + 16, seed).values();
  const below = (bound: number): number => Math.floor((numbers.next().value! + 1) / 2 * bound);
  const tensors = [graph.input("x", ["B", 3])];
  for (let i = 0; i < size; i++) {
    const recent = (): Tensor => tensors[Math.max(0, tensors.length - 1 - below(12))];
    if (below(4) === 0) {
      tensors.push(...applyAll(viewOp, [recent()], null));
      continue;
    }
    const inputs = Array.from({ length: 1 + below(3) }, recent);
    tensors.push(...applyAll(blockOp, inputs, Array.from({ length: 1 + below(3) }, () => 1 + below(20))));
  }
  return { graph, tensors };
}

/** First and last node during which a tensor's memory is taken, by the definition. */
function lifetimes(nodes: readonly Node[], kept: readonly Tensor[]): Map<Tensor, [number, number]> {
  const lives = new Map<Tensor, [number, number]>();
  nodes.forEach((node, i) => {
    if (node.op.alias) return;
    for (const output of node.outputs) lives.set(output, [i, i]);
    for (const input of node.inputs) {
      const life = lives.get(ownerOf(input));
      if (life) life[1] = i;
    }
  });
  for (const tensor of kept) {
    const life = lives.get(ownerOf(tensor));
    if (life) life[1] = nodes.length;
  }
  return lives;
}

function checkPlan(
  nodes: readonly Node[],
  plan: MemoryPlan,
  kept: readonly Tensor[],
  pinned: ReadonlySet<Tensor>,
): void {
  const lives = [...lifetimes(nodes, kept)].filter(([tensor]) => !pinned.has(tensor));
  assertEquals(plan.slots.size, lives.length);
  for (const [a, [bornA, diesA]] of lives) {
    const slot = plan.slots.get(a)!;
    assert(plan.bytes[slot] >= 4 * sizeOf(a.shape, BATCH), "a slot is smaller than its tensor");
    for (const [b, [bornB, diesB]] of lives) {
      if (a === b || plan.slots.get(b) !== slot) continue;
      assert(diesA < bornB || diesB < bornA, `live tensors share slot ${slot}`);
    }
  }
  const at = (i: number): number =>
    lives.reduce(
      (sum, [tensor, [born, dies]]) => born <= i && i <= dies ? sum + 4 * sizeOf(tensor.shape, BATCH) : sum,
      0,
    );
  assertEquals(plan.peak, Math.max(...nodes.map((_, i) => at(i))));
  const sum = plan.bytes.reduce((all, bytes) => all + bytes, 0);
  assert(sum >= plan.peak, "the arena is smaller than what is alive at one time");
  assert(sum <= lives.reduce((all, [tensor]) => all + 4 * sizeOf(tensor.shape, BATCH), 0));
}

Deno.test("planMemory never gives one slot to two live tensors, in 200 random graphs", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const { graph, tensors } = randomGraph(5 + seed % 60, seed);
    const kept = tensors.filter((_, i) => (i * seed) % 11 === 3);
    const pinned = new Set(tensors.filter((tensor, i) => tensor.node && !tensor.node.op.alias && (i + seed) % 7 === 0));
    checkPlan(graph.nodes, planMemory(graph.nodes, BATCH, pinned, kept), kept, pinned);
  }
});

function chain(length: number): { nodes: readonly Node[]; last: Tensor; first: Tensor } {
  const graph = new Graph("train");
  const [first] = applyAll(blockOp, [graph.input("x", ["B", 1])], [4]);
  let last = first;
  for (let i = 1; i < length; i++) [last] = applyAll(blockOp, [last], [4]);
  return { nodes: graph.nodes, first, last };
}

Deno.test("planMemory runs a chain of any length in two slots", () => {
  const { nodes, last } = chain(50);
  const plan = planMemory(nodes, BATCH, new Set(), [last]);
  assertEquals([plan.bytes, plan.peak], [[128, 128], 256]);
});

Deno.test("planMemory keeps a wanted tensor to the end, also through a view of it", () => {
  const { nodes, first, last } = chain(10);
  const [view] = applyAll(viewOp, [first], null);
  assertEquals(planMemory(nodes, BATCH, new Set(), [view, last]).bytes.length, 3);
});

Deno.test("planMemory counts a view's readers as readers of its memory", () => {
  const graph = new Graph("train");
  const [a] = applyAll(blockOp, [graph.input("x", ["B", 1])], [4]);
  const [view] = applyAll(viewOp, [a], null);
  const [b] = applyAll(blockOp, [view], [4]);
  const [c] = applyAll(blockOp, [b], [4]);
  const [d] = applyAll(blockOp, [view, c], [4]);
  const plan = planMemory(graph.nodes, BATCH, new Set(), [d]);
  assert(plan.slots.get(a) !== plan.slots.get(b) && plan.slots.get(a) !== plan.slots.get(c));
  assertEquals([plan.slots.has(view), ownerOf(view) === a], [false, true]);
});

Deno.test("planMemory gives unread outputs a slot for one node only", () => {
  const graph = new Graph("train");
  const [a] = applyAll(blockOp, [graph.input("x", ["B", 1])], [4, 100]);
  const [b] = applyAll(blockOp, [a], [4, 100]);
  const plan = planMemory(graph.nodes, BATCH, new Set(), [b]);
  assertEquals(plan.bytes.filter((bytes) => bytes === 3200).length, 1);
});

Deno.test("planMemory prefers the smallest slot that fits", () => {
  const graph = new Graph("train");
  const [large, small] = applyAll(blockOp, [graph.input("x", ["B", 1])], [100, 2]);
  const [next] = applyAll(blockOp, [large, small], [50]);
  const [last] = applyAll(blockOp, [next], [2]);
  const plan = planMemory(graph.nodes, BATCH, new Set(), [last]);
  assertEquals(plan.slots.get(last), plan.slots.get(small));
});

Deno.test("planMemory gives scratch memory to one node, and to the next one after it", () => {
  const graph = new Graph("train");
  const [a] = applyAll(blockOp, [graph.input("x", ["B", 1])], [4]);
  const [b] = applyAll(blockOp, [a], [4]);
  const scratch = new Map(graph.nodes.map((node) => {
    const of = (width: number): Tensor => new Tensor(graph, ["B", width], { kind: "scratch", node });
    return [node, [of(100), of(50)]] as const;
  }));
  const plan = planMemory(graph.nodes, BATCH, new Set(), [b], scratch);
  const [[first, second], [third, fourth]] = scratch.values();
  assert(plan.slots.get(first) !== plan.slots.get(second));
  assertEquals(plan.slots.get(third), plan.slots.get(first));
  assertEquals(plan.slots.get(fourth), plan.slots.get(second));
  assertEquals(plan.peak, 4 * BATCH * (100 + 50 + 4 + 4));
});
