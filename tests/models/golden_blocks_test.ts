import { afn, ccpm, deepcrossing, dlrm, edcn, finalnet, gdcn, hofm, masknet } from "../../models/mod.ts";
import { checkGolden, type Convert, type GoldenTensor, inTurn, rename, transpose } from "../golden.ts";

/** Fields' norms as rows of one. */
const stackNorms: Convert = (tensors) => {
  const stacks = new Map<string, GoldenTensor>();
  const others = tensors.filter(({ name, shape, data }) => {
    const kind = /^emb_norm\.\d+\.(\w+)$/.exec(name)?.[1];
    if (!kind) return true;
    const stack = stacks.get(kind) ?? { name: `ln.${kind}`, shape: [0, shape[0]], data: [] };
    stack.shape[0]++;
    stack.data.push(...data);
    stacks.set(kind, stack);
    return false;
  });
  return [...others, ...[...stacks.values()].map((stack) => stack.name === "ln.weight" ? transpose(stack) : stack)];
};

const maskNames = inTurn(
  rename([/^block\.0\.(?:mask\.)?/, "mask."], [/^block\.1\.(?:mask\.)?/, "mask_1."]),
  stackNorms,
);

/** The first layer above AFN's neurons is theirs, and powers are [out, in]. */
const afnNames: Convert = inTurn(
  rename(
    [/^log\.bn\./, "log_bn."],
    [/^exp\.bn\./, "neurons.bn."],
    [/^coef\.weight$/, "neurons.powers"],
    [/^afn\.0\./, "neurons."],
    [/^afn\.1\./, "mlp.0."],
    [/^afn\.2\./, "mlp.1."],
    [/^emb2\./, "deep_embedding."],
    [/^mlp\./, "deep."],
  ),
  (tensors) => tensors.map((tensor) => tensor.name === "neurons.powers" ? transpose(tensor) : tensor),
);

/** Kernels [N, C, K, 1]. */
const kernels: Convert = (tensors) =>
  tensors.map(({ name, shape, data }) => ({
    name,
    shape: /^conv\.\d+\.weight$/.test(name) ? [shape[0], shape[1] * shape[2]] : shape,
    data,
  }));

Deno.test("afn equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("afn", afn({ dim: 2, neurons: 3, hidden: [6, 4], deep: [6, 4] }), afnNames));
Deno.test("ccpm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("ccpm", ccpm({ dim: 4, channels: [3, 2], kernels: [3, 2] }), kernels));
Deno.test("deepcrossing with activated sums equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "deepcrossing",
    deepcrossing({ dim: 4, hidden: [6, 5], activateSum: true }),
    rename([/^res\.0/, "residual"], [/^res\.1/, "residual_1"]),
  ));
Deno.test("dlrm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dlrm", dlrm({ dim: 4, hidden: [8, 6] })));
Deno.test("edcn whose cross layers leave the row out equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "edcn",
    edcn({ dim: 3, layers: 2, temperature: 2, crossResidual: false }),
    inTurn(
      rename([/^reg\.(\d)\.g1$/, "regulation.$1.cross.gate"], [/^reg\.(\d)\.g2$/, "regulation.$1.deep.gate"]),
      (tensors) => tensors.map((tensor) => ({ ...tensor, shape: /gate$/.test(tensor.name) ? [1, 5] : tensor.shape })),
    ),
  ));
Deno.test("finalnet equals PyTorch in logits, gradients with its auxiliary losses and three steps", () =>
  checkGolden(
    "finalnet",
    finalnet({ dim: 3, hidden1: [8, 6], hidden2: [6], batchNorm: false, activation2: "none" }),
    inTurn(
      rename([/^gate\./, "field_gate."], [/^fc/, "top"]),
      (tensors) => tensors.map((tensor) => tensor.name === "field_gate.bias" ? { ...tensor, shape: [5, 1] } : tensor),
    ),
  ));
const gates = rename([/^gate\.(\d)\.weight$/, "cross.$1.gate.weight"]);
Deno.test("gdcn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("gdcn", gdcn({ dim: 3, layers: 2, hidden: [6] }), inTurn(gates, rename([/^mlp\.1\./, "top."]))));
Deno.test("gdcn in parallel equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("gdcnp", gdcn({ dim: 3, layers: 2, hidden: [6], structure: "parallel" }), gates));
Deno.test("hofm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("hofm", hofm({ dim: 4 }), rename([/^emb3\./, "embedding3."])));
Deno.test("masknet in series equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("masknet_serial", masknet({ dim: 3, structure: "serial", hidden: [6, 4], ratio: 0.5 }), maskNames));
Deno.test("masknet in parallel equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("masknet_parallel", masknet({ dim: 3, blocks: 2, width: 5, hidden: [4], ratio: 0.5 }), maskNames));
