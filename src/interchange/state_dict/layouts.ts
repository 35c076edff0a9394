/**
 * Layouts of models by tool and by the name of Weft's model. A model whose plain tensors need no more than the common rules
 * has the layout `plain`.
 *
 * @module
 */
import type { Layout } from "./layout.ts";
import * as attention from "./layouts/attention.ts";
import * as cross from "./layouts/cross.ts";
import * as mlp from "./layouts/mlp.ts";
import * as pairs from "./layouts/pairs.ts";
import * as tasks from "./layouts/tasks.ts";

/** Leaves tensors as they are. */
const plain: Layout = () => (tensors) => tensors;

/** Layouts of FuxiCTR's models. */
export const FUXICTR_LAYOUTS: Readonly<Record<string, Layout>> = {
  afm: plain,
  afn: mlp.afn,
  aoanet: attention.aoanet,
  apg: mlp.apg,
  autoint: plain,
  bst: attention.bst,
  ccpm: pairs.ccpm,
  dcn: cross.dcn,
  dcn_mix: cross.dcnMix,
  dcnv2: mlp.dcnv2,
  deepcrossing: mlp.deepcrossing,
  deepfm: plain,
  deepim: plain,
  destine: attention.destine,
  dien: attention.dien,
  din: attention.din,
  dlrm: plain,
  dmr: plain,
  dnn: plain,
  dssm: plain,
  edcn: cross.edcn,
  eulernet: cross.eulernet,
  ffm: pairs.ffm,
  fgcnn: pairs.fgcnn,
  fibinet: pairs.fibinet,
  fignn: attention.fignn,
  finalmlp: cross.finalmlp,
  finalnet: cross.finalnet,
  flen: mlp.flen,
  fm: plain,
  fmfm: plain,
  fwfm: plain,
  gdcn: cross.gdcn,
  hfm: pairs.hfm,
  hofm: pairs.hofm,
  interhat: attention.interhat,
  lorentzfm: plain,
  lr: plain,
  masknet: cross.masknet,
  mmoe: tasks.mmoe,
  nfm: plain,
  onn: pairs.onn,
  ple: tasks.ple,
  pnn: plain,
  ppnet: mlp.ppnet,
  qnn: plain,
  sam: attention.sam,
  shared_bottom: tasks.sharedBottom,
  transact: attention.transact,
  wide_deep: plain,
  wukong: cross.wukong,
  xdeepfm: pairs.xdeepfm,
};

/** Layouts of DeepCTR-Torch's models. */
export const DEEPCTR_LAYOUTS: Readonly<Record<string, Layout>> = {
  afm: pairs.afmOfDeepCtr,
  deepfm: mlp.lastOfMlp,
  mlr: pairs.mlr,
  nfm: mlp.lastOfMlp,
  pnn: pairs.pnnOfDeepCtr,
  wide_deep: mlp.lastOfMlp,
  xdeepfm: pairs.xdeepfmOfDeepCtr,
};
