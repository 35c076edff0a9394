import { dcn, dcnMix, dcnv2, finalmlp } from "../../models/mod.ts";
import { checkGolden, type Convert, type GoldenTensor, transpose } from "../golden.ts";

const hidden = [8, 6];

/** Stacks vectors `cross.{l}.kind` of one layer each into rows of one tensor; a golden weight is [out, in]. */
const stackLayers: Convert = (tensors) => {
  const stacks = new Map<string, GoldenTensor>();
  const others = tensors.filter(({ name, shape, data }) => {
    const kind = /^cross\.\d+\.(\w+)$/.exec(name)?.[1];
    if (!kind) return true;
    const stack = stacks.get(kind) ?? { name: `cross.${kind}`, shape: [0, shape.at(-1)!], data: [] };
    stack.shape[0]++;
    stack.data.push(...data);
    stacks.set(kind, stack);
    return false;
  });
  const { weight, ...rest } = Object.fromEntries(stacks);
  return [...others, transpose(weight), ...Object.values(rest)];
};

const renameStack: Convert = (tensors) =>
  tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(/^stack\b/, "mlp") }));

Deno.test("dcn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcn", dcn({ dim: 4, layers: 2, hidden }), stackLayers));

Deno.test("dcnv2 equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcnv2", dcnv2({ dim: 4, layers: 2, hidden })));
Deno.test("dcnv2 stacked equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcnv2_stacked", dcnv2({ dim: 4, layers: 2, hidden, structure: "stacked" }), renameStack));

const nameGates: Convert = (tensors) =>
  tensors.map(({ name, shape, data }) => {
    if (name === "fusion.xy") return { name: "fusion.weight", shape: [2, 3, 2], data };
    const renamed = name.replace(/^ctx\.f0$/, "gate1.context").replace(/^ctx2$/, "gate2.context")
      .replace(/^fs(\d)/, "gate$1.mlp").replace("fusion.x.", "fusion.a.").replace("fusion.y.", "fusion.b.");
    return { name: renamed, shape, data };
  });

Deno.test("finalmlp equals PyTorch in logits, gradients and three steps", () => {
  const sizes = { dim: 4, hidden1: [8, 6], hidden2: [6, 4], heads: 2, gateHidden: [4] };
  return checkGolden("finalmlp", finalmlp({ ...sizes, context1: ["f0"] }), nameGates);
});

/** Puts experts side by side: V to [n, K r], U to [K r, n], C transposed, one column of gates for each expert. */
const joinExperts: Convert = (tensors) => {
  const [experts, n, rank] = tensors.find(({ name }) => name === "cross.V.0")!.shape;
  const moved = (data: number[], inner: number, to: (k: number, i: number, j: number) => number): number[] => {
    const result = new Array<number>(data.length);
    data.forEach((value, at) => {
      result[to(Math.floor(at / (inner * rank)), Math.floor(at / rank) % inner, at % rank)] = value;
    });
    return result;
  };
  const gates = tensors.filter(({ name }) => name.startsWith("cross.gate."));
  const gate = gates[0].data.flatMap((_, i) => gates.map(({ data }) => data[i]));
  const others = tensors.filter((tensor) => !gates.includes(tensor)).map(({ name, shape, data }) => {
    const [, kind, layer] = /^cross\.(\w+)\.(\d)$/.exec(name) ?? [];
    const to = `cross.${layer}.${kind?.toLowerCase()}`;
    if (kind === "V") {
      return {
        name: to,
        shape: [n, experts * rank],
        data: moved(data, n, (k, i, j) => (i * experts + k) * rank + j),
      };
    }
    if (kind === "U") {
      return { name: to, shape: [experts * rank, n], data: moved(data, n, (k, i, j) => (k * rank + j) * n + i) };
    }
    if (kind === "C") return { name: to, shape, data: moved(data, rank, (k, i, j) => (k * rank + j) * rank + i) };
    return kind ? { name: to, shape: [n], data } : { name, shape, data };
  });
  return [...others, { name: "cross.gate", shape: [n, experts], data: gate }];
};

Deno.test("dcn_mix equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcn_mix", dcnMix({ dim: 4, layers: 2, hidden, experts: 2, rank: 3 }), joinExperts));
