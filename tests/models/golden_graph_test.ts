import { eulernet, fignn } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

Deno.test("fignn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("fignn", fignn({ dim: 3, steps: 2 })));
Deno.test("fignn with shared matrices and without a GRU equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("fignn_shared", fignn({ dim: 3, steps: 2, gru: false, shared: true })));

Deno.test("eulernet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("eulernet", eulernet({ dim: 3, neurons: [3, 3] })));
