import { dcn, dcnMix, dcnv2, finalmlp } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

const hidden = [8, 6];

Deno.test("dcn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcn", dcn({ dim: 4, layers: 2, hidden })));

Deno.test("dcnv2 equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcnv2", dcnv2({ dim: 4, layers: 2, hidden })));
Deno.test("dcnv2 stacked equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcnv2_stacked", dcnv2({ dim: 4, layers: 2, hidden, structure: "stacked" })));

Deno.test("finalmlp equals PyTorch in logits, gradients and three steps", () => {
  const sizes = { dim: 4, hidden1: [8, 6], hidden2: [6, 4], heads: 2, gateHidden: [4] };
  return checkGolden("finalmlp", finalmlp({ ...sizes, context1: ["f0"] }));
});

Deno.test("dcn_mix equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dcn_mix", dcnMix({ dim: 4, layers: 2, hidden, experts: 2, rank: 3 })));
