import { adaptdhm, type AdaptdhmOptions } from "../../models/adaptdhm.ts";
import { Model } from "../../src/model.ts";
import { assertRejects } from "@std/assert";
import { schemaOf } from "../datasets.ts";
import { checkGolden, type Convert, type GoldenTensor, inTurn, rename, transposeEach } from "../golden.ts";
import { gpu } from "../support.ts";

/** Stacks the tensors of the clusters' networks. */
const stack: Convert = (tensors) => {
  const stacked = new Map<string, GoldenTensor>();
  for (const { name, shape, data } of tensors) {
    const own = /^own\.\d+\.(.+)$/.exec(name);
    const key = own ? `star.own.${own[1]}` : name;
    const known = stacked.get(key);
    if (known) known.data.push(...data);
    if (known) known.shape[0]++;
    else stacked.set(key, { name: key, shape: own ? [1, ...shape] : shape, data: [...data] });
  }
  return [...stacked.values()];
};

Deno.test("adaptdhm equals PyTorch in logits, gradients, centers and three steps", () =>
  checkGolden(
    "adaptdhm",
    adaptdhm({ dim: 3, hidden: [8, 6], clusters: 3 }),
    inTurn(stack, rename([/^shared/, "star.shared"], [/^centers$/, "clusters.centers"]), transposeEach(/own.*weight$/)),
  ));

Deno.test("adaptdhm refuses no clusters and a rate above 1", async () => {
  const device = await gpu();
  const create = (options: AdaptdhmOptions) => Model.create(adaptdhm(options), schemaOf([3, 4]), { device });
  await assertRejects(() => create({ clusters: 0 }), RangeError, "whole number of groups, received 0");
  await assertRejects(() => create({ rate: 1.5 }), RangeError, "rate must be in [0, 1], received 1.5");
});
