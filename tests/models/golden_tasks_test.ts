import { aitm } from "../../models/aitm.ts";
import { esmm } from "../../models/esmm.ts";
import { mmoe } from "../../models/mmoe.ts";
import { pepnet } from "../../models/pepnet.ts";
import { ple } from "../../models/ple.ts";
import { sharedBottom } from "../../models/shared_bottom.ts";
import { networks, stacked } from "../../src/interchange/state_dict/layouts/tasks.ts";
import { type Convert, eachOf, gather, inTurn, rename } from "../../src/interchange/state_dict/tensor.ts";
import { checkGolden } from "../golden.ts";

const dim = 4;
const towers = (apart: boolean) => networks(["tower.0", "tower.1"], "tower", 2, apart);

Deno.test("shared_bottom equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("shared_bottom", sharedBottom({ dim, hidden: [8, 6], tower: [6] })));

Deno.test("mmoe equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("mmoe", mmoe({ dim, experts: 3, hidden: [8, 6], gate: [4], tower: [6] })));

Deno.test("ple equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("ple", ple({ dim, layers: 2, experts: 2, own: 1, hidden: [6], tower: [4], mixes: "shared" })));

Deno.test("esmm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "esmm",
    esmm({ dim, hidden: [8, 6], lastBias: false }),
    () =>
      stacked([
        ...networks(["ctr", "cvr"], "tower", 2),
        { from: ["ctr_top", "cvr_top"], to: "tower.2", apart: true },
      ]),
  ));

Deno.test("aitm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "aitm",
    aitm({ dim, hidden: [8, 6], tower: [4] }),
    () =>
      inTurn(
        stacked([...networks(["bottom.0", "bottom.1"], "bottom", 2), ...towers(true)]),
        rename([/^info\.0/, "transfer.info"], [/^ait\./, "transfer."]),
      ),
  ));

/** One table for the gates' fields, and gates that read them first. */
const priorFirst: Convert = inTurn(
  rename([/^gate_emb\./, "prior."]),
  eachOf(/^gate\.\d\.0\.weight$/, (tensor) => {
    const [, columns] = tensor.shape;
    return gather(
      tensor,
      tensor.shape,
      (i) => Math.floor(i / columns) * columns + (i % columns + columns - 6) % columns,
    );
  }),
);

Deno.test("pepnet of one task without domains equals FuxiCTR's PPNet", () =>
  checkGolden(
    "ppnet",
    pepnet({ dim, hidden: [8, 6], prior: ["f0", "f1"], priorDim: 3, gate: 5 }),
    () =>
      inTurn(
        priorFirst,
        stacked([
          { from: ["gate.0.0", "gate.1.0"], to: "tower.gate" },
          ...[0, 1].map((l) => ({ from: [`gate.${l}.1`], to: `tower.gate.${l}`, apart: true })),
          ...networks(["mlp"], "tower", 3),
        ]),
      ),
  ));

Deno.test("pepnet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "pepnet",
    pepnet({ dim: 3, hidden: [8, 6], domain: ["f2"], prior: ["f0", "f1"], gate: 4 }),
    () =>
      inTurn(
        rename([/^ep\./, "domain_gate."]),
        stacked([
          { from: ["pp.0.0.0", "pp.1.0.0", "pp.0.1.0", "pp.1.1.0"], to: "tower.gate" },
          ...[0, 1].map((l) => ({ from: [`pp.0.${l}.1`, `pp.1.${l}.1`], to: `tower.gate.${l}`, apart: true })),
          ...networks(["tower.0", "tower.1"], "tower", 3),
        ]),
      ),
  ));
