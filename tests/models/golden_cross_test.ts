import { dcn } from "../../models/mod.ts";
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

Deno.test("dcn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcn", dcn({ dim: 4, layers: 2, hidden }), stackLayers));
