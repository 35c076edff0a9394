import { sam } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

const dim = 4;

Deno.test("sam2a equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam2a", sam({ dim, type: "2a" })));
Deno.test("sam2e equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam2e", sam({ dim, type: "2e" })));
Deno.test("sam3a equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam3a", sam({ dim, type: "3a", layers: 2, aggregation: "weighted" })));
Deno.test("sam3e equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam3e", sam({ dim, type: "3e", layers: 2, aggregation: "mean" })));
