/**
 * All models by slug: what the command line offers.
 *
 * Each is one short file, from features to logits, below the paper that it implements. Bound to its options, a factory
 * gives a {@linkcode Definition}, from which `Model.create` makes a model.
 *
 * @example Binding options
 * ```ts
 * import assert from "node:assert/strict";
 * import { deepfm, models } from "./mod.ts";
 *
 * assert.equal(deepfm({ dim: 8, hidden: [64, 32] }).name, "deepfm");
 * assert.equal(models.deepfm, deepfm);
 * ```
 *
 * @module
 */
import type { Definition } from "../src/definition.ts";
import { adaptdhm } from "./adaptdhm.ts";
import { afm } from "./afm.ts";
import { afn } from "./afn.ts";
import { aitm } from "./aitm.ts";
import { aoanet } from "./aoanet.ts";
import { apg } from "./apg.ts";
import { autoint } from "./autoint.ts";
import { bst } from "./bst.ts";
import { ccpm } from "./ccpm.ts";
import { dcn } from "./dcn.ts";
import { dcnMix } from "./dcn_mix.ts";
import { dcnv2 } from "./dcnv2.ts";
import { dcnv3 } from "./dcnv3.ts";
import { deepcrossing } from "./deepcrossing.ts";
import { deepfm } from "./deepfm.ts";
import { deepim } from "./deepim.ts";
import { destine } from "./destine.ts";
import { dien } from "./dien.ts";
import { din } from "./din.ts";
import { dlrm } from "./dlrm.ts";
import { dmf } from "./dmf.ts";
import { dmin } from "./dmin.ts";
import { dmr } from "./dmr.ts";
import { dnn } from "./dnn.ts";
import { dsin } from "./dsin.ts";
import { dssm } from "./dssm.ts";
import { edcn } from "./edcn.ts";
import { eta } from "./eta.ts";
import { esmm } from "./esmm.ts";
import { eulernet } from "./eulernet.ts";
import { ffm } from "./ffm.ts";
import { fgcnn } from "./fgcnn.ts";
import { fibinet } from "./fibinet.ts";
import { fignn } from "./fignn.ts";
import { finalmlp } from "./finalmlp.ts";
import { finalnet } from "./finalnet.ts";
import { flen } from "./flen.ts";
import { fm } from "./fm.ts";
import { fmfm } from "./fmfm.ts";
import { fnn } from "./fnn.ts";
import { fwfm } from "./fwfm.ts";
import { gdcn } from "./gdcn.ts";
import { hfm } from "./hfm.ts";
import { hofm } from "./hofm.ts";
import { hstu } from "./hstu.ts";
import { interhat } from "./interhat.ts";
import { longer } from "./longer.ts";
import { lorentzfm } from "./lorentzfm.ts";
import { lr } from "./lr.ts";
import { m2m } from "./m2m.ts";
import { masknet } from "./masknet.ts";
import { mirrn } from "./mirrn.ts";
import { mlr } from "./mlr.ts";
import { mmoe } from "./mmoe.ts";
import { nfm } from "./nfm.ts";
import { onetrans } from "./onetrans.ts";
import { pepnet } from "./pepnet.ts";
import { ple } from "./ple.ts";
import { onn } from "./onn.ts";
import { pnn } from "./pnn.ts";
import { ppnet } from "./ppnet.ts";
import { qnn } from "./qnn.ts";
import { sam } from "./sam.ts";
import { qin } from "./qin.ts";
import { rankmixer } from "./rankmixer.ts";
import { sdim } from "./sdim.ts";
import { sim } from "./sim.ts";
import { sharedBottom } from "./shared_bottom.ts";
import { star } from "./star.ts";
import { survival } from "./survival.ts";
import { transact } from "./transact.ts";
import { twin } from "./twin.ts";
import { wideDeep } from "./wide_deep.ts";
import { wukong } from "./wukong.ts";
import { xdeepfm } from "./xdeepfm.ts";

export type { Definition, DefinitionFactory, Logits } from "../src/definition.ts";
export type { Dim, Shape, Tensor } from "../src/layers/mod.ts";
export * from "./adaptdhm.ts";
export * from "./afm.ts";
export * from "./afn.ts";
export * from "./aitm.ts";
export type {
  BilinearType,
  BridgeKind,
  CircularKind,
  FactorizeKind,
  Field,
  Input,
  OuterKernel,
} from "../src/layers/mod.ts";
export * from "./aoanet.ts";
export * from "./apg.ts";
export * from "./autoint.ts";
export * from "./bst.ts";
export * from "./ccpm.ts";
export * from "./dcn.ts";
export * from "./dcn_mix.ts";
export * from "./dcnv2.ts";
export * from "./dcnv3.ts";
export * from "./deepcrossing.ts";
export * from "./deepfm.ts";
export * from "./deepim.ts";
export * from "./destine.ts";
export * from "./dien.ts";
export * from "./din.ts";
export * from "./dlrm.ts";
export * from "./dmf.ts";
export * from "./dmin.ts";
export * from "./dmr.ts";
export * from "./dnn.ts";
export * from "./dsin.ts";
export * from "./dssm.ts";
export * from "./edcn.ts";
export * from "./eta.ts";
export * from "./esmm.ts";
export * from "./eulernet.ts";
export * from "./ffm.ts";
export * from "./fgcnn.ts";
export * from "./fibinet.ts";
export * from "./fignn.ts";
export * from "./finalmlp.ts";
export * from "./finalnet.ts";
export * from "./flen.ts";
export * from "./fm.ts";
export * from "./fmfm.ts";
export * from "./fnn.ts";
export * from "./fwfm.ts";
export * from "./gdcn.ts";
export * from "./hfm.ts";
export * from "./hofm.ts";
export * from "./hstu.ts";
export * from "./interhat.ts";
export * from "./longer.ts";
export * from "./lorentzfm.ts";
export * from "./lr.ts";
export * from "./m2m.ts";
export * from "./masknet.ts";
export * from "./mirrn.ts";
export * from "./mlr.ts";
export * from "./mmoe.ts";
export * from "./nfm.ts";
export * from "./onetrans.ts";
export * from "./pepnet.ts";
export * from "./ple.ts";
export * from "./onn.ts";
export * from "./pnn.ts";
export * from "./ppnet.ts";
export * from "./qnn.ts";
export * from "./sam.ts";
export * from "./qin.ts";
export * from "./rankmixer.ts";
export * from "./sdim.ts";
export * from "./sim.ts";
export * from "./shared_bottom.ts";
export * from "./star.ts";
export * from "./survival.ts";
export * from "./transact.ts";
export * from "./twin.ts";
export * from "./wide_deep.ts";
export * from "./wukong.ts";
export * from "./xdeepfm.ts";

/** Model factories by slug. */
export const models: Readonly<Record<string, (options?: Record<string, unknown>) => Definition>> = {
  lr,
  fm,
  dnn,
  wide_deep: wideDeep,
  deepfm,
  nfm,
  fnn,
  hofm,
  afm,
  fibinet,
  pnn,
  fwfm,
  fmfm,
  ffm,
  dcn,
  dcnv2,
  dcn_mix: dcnMix,
  gdcn,
  finalmlp,
  finalnet,
  deepcrossing,
  masknet,
  edcn,
  dlrm,
  xdeepfm,
  autoint,
  fgcnn,
  mlr,
  afn,
  ccpm,
  adaptdhm,
  star,
  dien,
  din,
  bst,
  transact,
  hstu,
  dmin,
  dmr,
  sim,
  sdim,
  eta,
  twin,
  shared_bottom: sharedBottom,
  mmoe,
  ple,
  esmm,
  aitm,
  pepnet,
  survival,
  qnn,
  deepim,
  lorentzfm,
  dssm,
  hfm,
  onn,
  flen,
  sam,
  aoanet,
  wukong,
  apg,
  ppnet,
  fignn,
  interhat,
  destine,
  eulernet,
  dcnv3,
  qin,
  rankmixer,
  onetrans,
  longer,
  mirrn,
  dsin,
  dmf,
  m2m,
};
