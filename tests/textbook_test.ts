import { runXor } from "../bench/textbook.ts";
import { assert } from "@std/assert";

Deno.test("products of vectors find clicks by the parity of user and item, sums of weights do not", async () => {
  const results = await runXor(1, 6000, 4000, 12);
  const { lr, fm, deepfm, best } = Object.fromEntries(results.map(({ model, auc }) => [model, auc]));
  assert(Math.abs(lr - 0.5) < 0.05, `logistic regression reached ${lr}`);
  for (const auc of [fm, deepfm]) assert(auc > best - 0.02, `AUC ${auc} where the best is ${best}`);
});
