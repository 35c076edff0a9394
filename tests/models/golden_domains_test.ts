import { adaptdhm, type AdaptdhmOptions } from "../../models/adaptdhm.ts";
import { Model } from "../../src/model.ts";
import { assertRejects } from "@std/assert";
import { schemaOf } from "../datasets.ts";
import { checkGolden } from "../golden.ts";
import type { Layout } from "../../src/interchange/state_dict/layout.ts";
import {
  concatenate,
  inTurn,
  type NamedTensor,
  rename,
  transposeEach,
} from "../../src/interchange/state_dict/tensor.ts";
import { gpu } from "../support.ts";

/** Stacks the tensors of the clusters' networks, whose weights are turned. */
const clusters: Layout = () => (tensors) => {
  const networks = new Map<string, NamedTensor[]>();
  const others = tensors.filter((tensor) => {
    const [, name] = /^own\.\d+\.(.+)$/.exec(tensor.name) ?? [];
    if (name) networks.set(name, [...(networks.get(name) ?? []), tensor]);
    return !name;
  });
  const stacked = [...networks].map(([name, parts]) =>
    concatenate(`star.own.${name}`, [parts.length, ...parts[0].shape], parts)
  );
  return inTurn(
    rename([/^shared/, "star.shared"], [/^centers$/, "clusters.centers"]),
    transposeEach(/own.*weight$/),
  )([...others, ...stacked]);
};

Deno.test("adaptdhm equals PyTorch in logits, gradients, centers and three steps", () =>
  checkGolden(
    "adaptdhm",
    adaptdhm({ dim: 3, hidden: [8, 6], clusters: 3 }),
    clusters,
  ));

Deno.test("adaptdhm refuses no clusters and a rate above 1", async () => {
  const device = await gpu();
  const create = (options: AdaptdhmOptions) => Model.create(adaptdhm(options), schemaOf([3, 4]), { device });
  await assertRejects(() => create({ clusters: 0 }), RangeError, "whole number of groups, received 0");
  await assertRejects(() => create({ rate: 1.5 }), RangeError, "rate must be in [0, 1], received 1.5");
});
