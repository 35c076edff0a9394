import { destine, interhat } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

Deno.test("destine equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "destine",
    destine({ dim: 4, hidden: [8, 6], layers: 2, heads: 1, width: 5, scale: true, wide: true }),
  ));

Deno.test("interhat equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("interhat", interhat({ dim: 4, order: 2, heads: 1, width: 5, inner: 6, hidden: [6] })));
