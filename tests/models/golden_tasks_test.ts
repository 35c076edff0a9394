import { aitm } from "../../models/aitm.ts";
import { esmm } from "../../models/esmm.ts";
import { mmoe } from "../../models/mmoe.ts";
import { pepnet } from "../../models/pepnet.ts";
import { ple } from "../../models/ple.ts";
import { sharedBottom } from "../../models/shared_bottom.ts";
import { checkGolden, type Convert, type GoldenTensor, transpose } from "../golden.ts";

/** Dense layers of a case that are one tensor here, in order; `apart` where each reads columns of its own. */
interface Stack {
  readonly from: readonly string[];
  readonly to: string;
  readonly apart?: boolean;
}

/** Stacks weights [out, in] to [G out, in], or to [G, in, out] where inputs are apart, and biases to [G out]. */
const stacked = (stacks: readonly Stack[]): Convert => (tensors) => {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const taken = new Set<string>();
  const joined: GoldenTensor[] = [];
  for (const { from, to, apart } of stacks) {
    for (const kind of ["weight", "bias"]) {
      const parts = from.flatMap((name) => byName.get(`${name}.${kind}`) ?? []);
      if (parts.length === 0) continue;
      for (const { name } of parts) taken.add(name);
      const isMatrix = kind === "weight";
      const data = parts.flatMap((part) => apart && isMatrix ? transpose(part).data : part.data);
      const [outs, inner] = parts[0].shape;
      const shape = !isMatrix ? [data.length] : apart ? [parts.length, inner, outs] : [parts.length * outs, inner];
      joined.push({ name: `${to}.${kind}`, shape, data });
    }
  }
  return [...tensors.filter(({ name }) => !taken.has(name)), ...joined];
};

/** Stacks of networks `from.<network>.<layer>`. */
const networks = (from: readonly string[], to: string, layers: number, apart = false): Stack[] =>
  Array.from({ length: layers }, (_, l) => ({
    from: from.map((name) => `${name}.${l}`),
    to: `${to}.${l}`,
    apart: apart || l > 0,
  }));

const dim = 4;
const towers = (apart: boolean) => networks(["tower.0", "tower.1"], "tower", 2, apart);

Deno.test("shared_bottom equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("shared_bottom", sharedBottom({ dim, hidden: [8, 6], tower: [6] }), stacked(towers(false))));

Deno.test("mmoe equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "mmoe",
    mmoe({ dim, experts: 3, hidden: [8, 6], gate: [4], tower: [6] }),
    stacked([
      ...networks(["expert.0", "expert.1", "expert.2"], "expert", 2),
      ...networks(["gate.0", "gate.1"], "gate", 2),
      ...towers(true),
    ]),
  ));

Deno.test("ple equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "ple",
    ple({ dim, layers: 2, experts: 2, own: 1, hidden: [6], tower: [4], mixes: "shared" }),
    stacked([
      ...[0, 1].flatMap((l) => [
        ...networks(
          ["own.0.0", "own.1.0", "shared.0", "shared.1"].map((name) => `cgc.${l}.${name}`),
          `extraction.${l}.expert`,
          1,
          l > 0,
        ),
        ...networks([`cgc.${l}.gate.0`, `cgc.${l}.gate.1`], `extraction.${l}.gate`, 1, l > 0),
        ...networks([`cgc.${l}.gate.2`], `extraction.${l}.shared_gate`, 1),
      ]),
      ...towers(true),
    ]),
  ));

Deno.test("esmm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "esmm",
    esmm({ dim, hidden: [8, 6], lastBias: false }),
    stacked([
      ...networks(["ctr", "cvr"], "tower", 2),
      { from: ["ctr_top", "cvr_top"], to: "tower.2", apart: true },
    ]),
  ));

Deno.test("aitm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "aitm",
    aitm({ dim, hidden: [8, 6], tower: [4] }),
    (tensors) =>
      stacked([...networks(["bottom.0", "bottom.1"], "bottom", 2), ...towers(true)])(tensors).map((tensor) => ({
        ...tensor,
        name: tensor.name.replace(/^info\.0/, "transfer.info").replace(/^ait\./, "transfer."),
      })),
  ));

/** One table for the gates' fields, and gates that read them first. */
const priorFirst: Convert = (tensors) => {
  const [first, second] = ["f0", "f1"].map((field) => tensors.find(({ name }) => name === `gate_emb.${field}`));
  const own: GoldenTensor[] = first && second
    ? [{ name: "prior", shape: [first.shape[0] + second.shape[0], 3], data: [...first.data, ...second.data] }]
    : [];
  const others = tensors.filter(({ name }) => !name.startsWith("gate_emb.")).map((tensor) => {
    if (!/^gate\.\d\.0\.weight$/.test(tensor.name)) return tensor;
    const [, columns] = tensor.shape;
    const turned = (i: number) => Math.floor(i / columns) * columns + (i % columns + columns - 6) % columns;
    return { ...tensor, data: tensor.data.map((_, i) => tensor.data[turned(i)]) };
  });
  return [...own, ...others];
};

Deno.test("pepnet of one task without domains equals FuxiCTR's PPNet", () =>
  checkGolden(
    "ppnet",
    pepnet({ dim, hidden: [8, 6], prior: ["f0", "f1"], priorDim: 3, gate: 5 }),
    (tensors) =>
      stacked([
        { from: ["gate.0.0", "gate.1.0"], to: "tower.gate" },
        ...[0, 1].map((l) => ({ from: [`gate.${l}.1`], to: `tower.gate.${l}`, apart: true })),
        ...networks(["mlp"], "tower", 3),
      ])(priorFirst(tensors)),
  ));

Deno.test("pepnet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "pepnet",
    pepnet({ dim: 3, hidden: [8, 6], domain: ["f2"], prior: ["f0", "f1"], gate: 4 }),
    (tensors) =>
      stacked([
        { from: ["pp.0.0.0", "pp.1.0.0", "pp.0.1.0", "pp.1.1.0"], to: "tower.gate" },
        ...[0, 1].map((l) => ({ from: [`pp.0.${l}.1`, `pp.1.${l}.1`], to: `tower.gate.${l}`, apart: true })),
        ...networks(["tower.0", "tower.1"], "tower", 3),
      ])(tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(/^ep\./, "domain_gate.") }))),
  ));
