import { sam } from "../../models/mod.ts";
import { checkGolden, type Convert, rename, transpose } from "../golden.ts";

const dim = 4;
const inside = rename([/^sam\.0\.W$/, "sam.W"], [/^top\./, "sam.top."]);
const pooled: Convert = (tensors) =>
  tensors.map((tensor) => (tensor.name === "pool" ? transpose({ ...tensor, name: "pool.weight" }) : tensor));

Deno.test("sam2a equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam2a", sam({ dim, type: "2a" }), inside));
Deno.test("sam2e equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam2e", sam({ dim, type: "2e" }), inside));
Deno.test("sam3a equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam3a", sam({ dim, type: "3a", layers: 2, aggregation: "weighted" }), pooled));
Deno.test("sam3e equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sam3e", sam({ dim, type: "3e", layers: 2, aggregation: "mean" })));
