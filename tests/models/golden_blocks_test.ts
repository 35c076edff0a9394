import { afn, ccpm, deepcrossing, dlrm, edcn, finalnet, gdcn, hofm, masknet } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

Deno.test("afn equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("afn", afn({ dim: 2, neurons: 3, hidden: [6, 4], deep: [6, 4] })));
Deno.test("ccpm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("ccpm", ccpm({ dim: 4, channels: [3, 2], kernels: [3, 2] })));
Deno.test("deepcrossing with activated sums equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "deepcrossing",
    deepcrossing({ dim: 4, hidden: [6, 5], activateSum: true }),
  ));
Deno.test("dlrm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dlrm", dlrm({ dim: 4, hidden: [8, 6] })));
Deno.test("edcn whose cross layers leave the row out equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "edcn",
    edcn({ dim: 3, layers: 2, temperature: 2, crossResidual: false }),
  ));
Deno.test("finalnet equals PyTorch in logits, gradients with its auxiliary losses and three steps", () =>
  checkGolden(
    "finalnet",
    finalnet({ dim: 3, hidden1: [8, 6], hidden2: [6], batchNorm: false, activation2: "none" }),
  ));
Deno.test("gdcn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("gdcn", gdcn({ dim: 3, layers: 2, hidden: [6] })));
Deno.test("gdcn in parallel equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("gdcnp", gdcn({ dim: 3, layers: 2, hidden: [6], structure: "parallel" })));
Deno.test("hofm equals PyTorch in logits, gradients and three steps", () => checkGolden("hofm", hofm({ dim: 4 })));
Deno.test("masknet in series equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("masknet_serial", masknet({ dim: 3, structure: "serial", hidden: [6, 4], ratio: 0.5 })));
Deno.test("masknet in parallel equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("masknet_parallel", masknet({ dim: 3, blocks: 2, width: 5, hidden: [4], ratio: 0.5 })));
