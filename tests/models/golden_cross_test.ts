import { dcn, dcnv2, finalmlp } from "../../models/mod.ts";
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
