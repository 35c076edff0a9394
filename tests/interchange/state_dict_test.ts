import { assertEquals } from "@std/assert";
import * as zoo from "../../models/mod.ts";
import type { Definition } from "../../src/definition.ts";
import { readSafetensors, writeSafetensors } from "../../src/interchange/safetensors.ts";
import { importable, importStateDict, type Tool } from "../../src/interchange/state_dict/import.ts";
import { Model } from "../../src/model.ts";
import { inFolder } from "../folder.ts";
import { columnOf } from "../golden_case.ts";
import { logitsOf } from "../logits.ts";
import { assertClose, gpu } from "../support.ts";
import { casesOf, exchange } from "./golden_state_dict.ts";

const hidden = [8, 6];
const dim = 4;
const relu = { dim, hidden, attention: [5], activation: "relu", attentionActivation: "relu" } as const;
const convolutions = { dim, hidden, channels: [3, 2], kernels: 3 };
const groups = [["f0", "f4"], ["f1", "f3"], ["f2"]];
const apg = { dim, hidden: [6, 4], rank: 2, hyperHidden: [3] };

/** Weft's models by case. */
const MODELS: Record<string, Definition> = {
  afm: zoo.afm({ dim, attentionDim: 5 }),
  afn: zoo.afn({ dim: 2, neurons: 3, hidden: [6, 4], deep: [6, 4] }),
  aoanet: zoo.aoanet({ dim, hidden, layers: 2, maps: 2 }),
  apg_self: zoo.apg(apg),
  apg_group: zoo.apg({ ...apg, condition: ["f1", "f3"], generateBias: true }),
  autoint: zoo.autoint({ dim, hidden, width: 6, wide: true }),
  autoint_ln: zoo.autoint({ dim, width: 6, scale: true, layerNorm: true }),
  bst: zoo.bst({ dim, hidden, heads: 2 }),
  bst_target: zoo.bst({ dim, hidden, heads: 2, layers: 2, causal: true, pooling: "target" }),
  ccpm: zoo.ccpm({ dim, channels: [3, 2], kernels: [3, 2] }),
  dcn: zoo.dcn({ dim, layers: 2, hidden }),
  dcn_mix: zoo.dcnMix({ dim, layers: 2, hidden, experts: 2, rank: 3 }),
  dcnv2: zoo.dcnv2({ dim, layers: 2, hidden }),
  dcnv2_stacked: zoo.dcnv2({ dim, layers: 2, hidden, structure: "stacked" }),
  deepcrossing: zoo.deepcrossing({ dim, hidden: [6, 5], activateSum: true }),
  deepfm: zoo.deepfm({ dim, hidden }),
  deepfm_multi: zoo.deepfm({ dim, hidden }),
  deepim: zoo.deepim({ dim, hidden, order: 4 }),
  destine: zoo.destine({ dim, hidden, layers: 2, heads: 1, width: 5, scale: true, wide: true }),
  dien_agru: zoo.dien({ dim: 2, hidden: [6, 4], evolution: "agru" }),
  dien_augru: zoo.dien({ dim: 2, hidden: [6, 4], evolution: "augru" }),
  din: zoo.din({ dim, hidden, attention: [5] }),
  din_relu: zoo.din(relu),
  din_softmax: zoo.din({ ...relu, softmax: true }),
  din_two: zoo.din(relu),
  dlrm: zoo.dlrm({ dim, hidden }),
  dmr: zoo.dmr({ dim: 2, hidden, attention: [5], positionDim: 2 }),
  dnn: zoo.dnn({ dim, hidden }),
  dnn_bn: zoo.dnn({ dim, hidden, batchNorm: true }),
  dssm: zoo.dssm({ dim, hidden, groups: [groups[0], groups[1]] }),
  edcn: zoo.edcn({ dim: 3, layers: 2, temperature: 2, crossResidual: false }),
  eulernet: zoo.eulernet({ dim: 3, neurons: [3, 3] }),
  ffm: zoo.ffm({ dim }),
  fgcnn: zoo.fgcnn(convolutions),
  fgcnn_bn: zoo.fgcnn({ ...convolutions, convolutionNorm: true }),
  fibinet_all: zoo.fibinet({ dim, hidden, bilinear: "all", reductionRatio: 2 }),
  fibinet_each: zoo.fibinet({ dim, hidden, bilinear: "each", reductionRatio: 2 }),
  fibinet_interaction: zoo.fibinet({ dim, hidden, bilinear: "interaction", reductionRatio: 2 }),
  fignn: zoo.fignn({ dim: 3, steps: 2 }),
  fignn_shared: zoo.fignn({ dim: 3, steps: 2, gru: false, shared: true }),
  finalmlp: zoo.finalmlp({ dim, hidden1: [8, 6], hidden2: [6, 4], heads: 2, gateHidden: [4], context1: ["f0"] }),
  finalnet: zoo.finalnet({ dim: 3, hidden1: [8, 6], hidden2: [6], batchNorm: false, activation2: "none" }),
  flen: zoo.flen({ dim, hidden, groups }),
  fm: zoo.fm({ dim }),
  fmfm: zoo.fmfm({ dim }),
  fwfm: zoo.fwfm({ dim }),
  fwfm_lw: zoo.fwfm({ dim, linearType: "LW" }),
  gdcn: zoo.gdcn({ dim: 3, layers: 2, hidden: [6] }),
  gdcnp: zoo.gdcn({ dim: 3, layers: 2, hidden: [6], structure: "parallel" }),
  hfm: zoo.hfm({ dim }),
  hfm_plus: zoo.hfm({ dim, hidden, kind: "convolution" }),
  hofm: zoo.hofm({ dim }),
  interhat: zoo.interhat({ dim, order: 2, heads: 1, width: 5, inner: 6, hidden: [6] }),
  lorentzfm: zoo.lorentzfm({ dim }),
  lr: zoo.lr(),
  masknet_parallel: zoo.masknet({ dim: 3, blocks: 2, width: 5, hidden: [4], ratio: 0.5 }),
  masknet_serial: zoo.masknet({ dim: 3, structure: "serial", hidden: [6, 4], ratio: 0.5 }),
  mmoe: zoo.mmoe({ dim, experts: 3, hidden, gate: [4], tower: [6] }),
  mlr_shared: zoo.mlr({ regions: 3, shared: true }),
  nfm: zoo.nfm({ dim, hidden }),
  onn: zoo.onn({ dim: 3, hidden }),
  ple: zoo.ple({ dim, layers: 2, experts: 2, own: 1, hidden: [6], tower: [4], mixes: "shared" }),
  pnn_inner: zoo.pnn({ dim, hidden }),
  pnn_inner_outer: zoo.pnn({ dim, hidden, products: "both" }),
  pnn_outer_mat: zoo.pnn({ dim, hidden, products: "outer", kernel: "mat" }),
  pnn_outer_num: zoo.pnn({ dim, hidden, products: "outer", kernel: "num" }),
  pnn_outer_vec: zoo.pnn({ dim, hidden, products: "outer", kernel: "vec" }),
  ppnet: zoo.ppnet({ dim, hidden, priors: ["f0", "f1"], priorDim: 3, gateHidden: 5 }),
  qnn_alpha: zoo.qnn({ dim: 3, layers: 2 }),
  sam2a: zoo.sam({ dim, type: "2a" }),
  sam2e: zoo.sam({ dim, type: "2e" }),
  sam3a: zoo.sam({ dim, type: "3a", layers: 2, aggregation: "weighted" }),
  sam3e: zoo.sam({ dim, type: "3e", layers: 2, aggregation: "mean" }),
  shared_bottom: zoo.sharedBottom({ dim, hidden, tower: [6] }),
  transact: zoo.transact({ dim: 2, hidden: [6], feedForward: 7, latest: 2, crossLayers: 1 }),
  widedeep: zoo.wideDeep({ dim, hidden }),
  wukong: zoo.wukong({ dim, layers: 2, linearRows: 3, fmRows: 2, rank: 2, fmHidden: [6], hidden: [6] }),
  xdeepfm: zoo.xdeepfm({ dim, hidden, cin: [4, 3] }),
  xdeepfm_split: zoo.xdeepfm({ dim, hidden, cin: [6, 4], cinActivation: "relu", splitHalf: true, cinBias: false }),
};

const TITLES: Record<Tool, string> = { fuxictr: "FuxiCTR", deepctr: "DeepCTR-Torch" };

for (const tool of ["fuxictr", "deepctr"] as const) {
  for (const name of casesOf(tool)) {
    Deno.test(`${name} of ${TITLES[tool]} keeps its logits when its state_dict is imported`, () =>
      inFolder(async (folder) => {
        const path = `${folder}/model.safetensors`;
        const { tensors, schema, vocabularies, data, logits, ignored } = exchange(tool, name);
        await writeSafetensors(path, tensors, { format: "pt" });
        await using model = await Model.create(MODELS[name], schema, { device: await gpu() });
        const report = await importStateDict(model, (await readSafetensors(path)).tensors, {
          from: tool,
          vocabularies,
        });
        (await logitsOf(model, data)).forEach((received, t) => {
          assertClose(received, columnOf(logits, t), `${name} ${t}`, { rtol: 2e-5 });
        });
        assertEquals(report.ignored.length, ignored);
        assertEquals(report.unusedRows, {});
        assertEquals(report.zeroUnseen.length, tool === "fuxictr" ? 0 : schema.fields.length);
      }));
  }

  Deno.test(`every model of ${TITLES[tool]} that can be imported has a case`, () => {
    const tried = new Set(casesOf(tool).map((name) => MODELS[name].name));
    assertEquals(importable(tool).filter((name) => !tried.has(name)), []);
  });
}
