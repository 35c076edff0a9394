/**
 * Names in the `state_dict` of FuxiCTR's models, by the name of Weft's model.
 *
 * @module
 */
import type { Names } from "./names.ts";
import type { Rule } from "./tensor.ts";

/** What is named alike in most models; the rules of a model come first. */
const COMMON: Names = {
  tables: [
    [/^embedding_layer\.(?:embedding_layer\.)?$/, "emb"],
    [/^(?:fm\.)?lr(?:_layer)?\.embedding_layer\.embedding_layer\.$/, "lr"],
  ],
  sequences: [[/^(?:mlp|dnn|parallel_dnn)\.mlp$/, "mlp"]],
  rules: [[/^(?:fm\.)?lr(?:_layer)?\.bias$/, "lr.bias"], [/^fc\./, "top."]],
};

/** Cross networks of matrices. */
const CROSS_LAYERS: Rule = [/^crossnet\.cross_layers\./, "cross."];

/** The towers of several tasks. */
const TOWERS: Rule = [/^tower\.(\d+)\.mlp$/, "tower.$1"];

/** Number of a layer where the first is 1, behind a prefix. */
const fromOne = (prefix: string) => (_: string, layer: string): string => `${prefix}${Number(layer) - 1}`;

/** Rules of single models, in front of the common ones. */
const OWN: Readonly<Record<string, Partial<Names>>> = {
  afm: {
    rules: [[/^attention\.0\./, "att_w."], [/^attention\.2\./, "att_h."], [/^weight_p\./, "top."]],
  },
  afn: {
    tables: [[/^embedding_layer2\.embedding_layer\.$/, "emb2"]],
    sequences: [[/^dense_layer\.mlp$/, "afn"]],
    rules: [[/^coefficient_W\./, "coef."], [/^(log|exp)_batch_norm\./, "$1.bn."]],
  },
  aoanet: { rules: [[/^gin\.layers\./, "aoa."]] },
  apg: {
    sequences: [[/^mlp\.dense_layers\.linear_(\d+)\.hypernet\.mlp$/, fromOne("hyper.")]],
    rules: [
      [/^mlp\.dense_layers\.linear_(\d+)\.(U|V|bias)$/, (_, layer, kind) => `${kind}.${Number(layer) - 1}`],
      [/^mlp\.dense_layers\.out_proj\./, "top."],
    ],
  },
  autoint: {
    rules: [[/^self_attention\.(\d+)\.W_/, "att.$1."], [/^self_attention\.(\d+)\.layer_norm\./, "att.$1.ln."]],
  },
  bst: {
    sequences: [[/^transformer_encoders\.0\.transformer_blocks\.(\d+)\.ffn$/, "block.$1.ffn"]],
    rules: [
      [/^transformer_encoders\.0\.position_emb$/, "pos"],
      [/^transformer_encoders\.0\.transformer_blocks\.(\d+)\.attention\.in_proj_/, "block.$1.att.in_"],
      [/^transformer_encoders\.0\.transformer_blocks\.(\d+)\.attention\.out_proj\./, "block.$1.att.out."],
      [/^transformer_encoders\.0\.transformer_blocks\.(\d+)\.layer_norm(\d)\./, "block.$1.ln$2."],
    ],
  },
  ccpm: { sequences: [[/^conv_layer\.conv_layer$/, "conv"]] },
  dcn: { rules: [[/^crossnet\.cross_net\.(\d+)\.(?:weight\.)?/, "cross.$1."]] },
  dcn_mix: {
    rules: [
      [/^crossnet\.([UVC])_list\./, "cross.$1."],
      [/^crossnet\.gating\./, "cross.gate."],
      [/^crossnet\.bias\./, "cross.bias."],
    ],
  },
  dcnv2: { sequences: [[/^stacked_dnn\.mlp$/, "stack"]], rules: [CROSS_LAYERS] },
  deepcrossing: {
    sequences: [[/^crossing_layer\.(\d+)\.layer$/, "res.$1"]],
    rules: [[/^crossing_layer\.\d+\.(weight|bias)$/, "top.$1"]],
  },
  deepfm: {},
  deepim: { rules: [[/^im_layer\.fc\./, "im."]] },
  destine: {
    rules: [[/^self_attns\.(\d+)\.W_/, "att.$1."], [/^attn_fc\./, "top."]],
    // They cancel in a softmax.
    unused: () => /^self_attns\.\d+\.W_(?:q|k|unary)\.bias$/,
  },
  dien: {
    rules: [
      [/^extraction_modules\.0\.weight_(ih|hh)_l0$/, "gru.w_$1"],
      [/^extraction_modules\.0\.bias_(ih|hh)_l0$/, "gru.b_$1"],
      [/^evolving_modules\.0\.gru_cell\./, ""],
      [/^attention_modules\.0\.W_kernel$/, "att.kernel"],
    ],
  },
  din: { sequences: [[/^attention_layers\.0\.attention_layer\.mlp$/, "att"]] },
  dlrm: { sequences: [[/^top_mlp\.mlp$/, "mlp"]] },
  dmr: {
    tables: [[/^$/, "out"]],
    sequences: [[/^(u2i|i2i)_net\.0\.attn_mlp\.mlp$/, "$1.att"]],
    rules: [[/^(u2i|i2i)_net\.0\.pos_emb$/, "$1.pos"], [/^(u2i|i2i)_net\.0\.W_([qo])\.0\./, "$1.$2."]],
  },
  dnn: {},
  dssm: { sequences: [[/^(user|item)_tower\.mlp$/, "$1"]] },
  edcn: {
    sequences: [[/^dense_layers\.(\d+)\.mlp$/, "deep.$1"]],
    rules: [[/^cross_layers\.(\d+)\.(?:weight\.)?/, "cross.$1."], [/^regulation_modules\./, "reg."]],
  },
  eulernet: {
    rules: [
      [/^Euler_interaction_layers\.(\d+)\.inter_orders$/, "euler.$1.orders"],
      [/^Euler_interaction_layers\.(\d+)\.norm_([rp])\./, "euler.$1.ln_$2."],
      [/^Euler_interaction_layers\./, "euler."],
    ],
  },
  ffm: { tables: [[/^embedding_layers\.(\d+)\.embedding_layer\.$/, "ffm.t$1"]] },
  fgcnn: {
    tables: [[/^fg_embedding_layer\.embedding_layer\.$/, "emb2"]],
    rules: [
      [/^fgcnn_layer\.conv_layers\.(\d+)\.0\./, "conv.$1."],
      [/^fgcnn_layer\.conv_layers\.(\d+)\.1\./, "conv.$1.bn."],
      [/^fgcnn_layer\.recombine_layers\.(\d+)\.0\./, "recomb.$1."],
    ],
  },
  fibinet: {
    sequences: [[/^senet_layer\.excitation$/, "se"]],
    rules: [[/^bilinear_interaction(\d)\.bilinear_W$/, "bil$1.weight"]],
  },
  fignn: {
    rules: [
      [/^fignn\.gnn\./, "gnn."],
      [/^fignn\.gru\.weight_/, "gru.w_"],
      [/^fignn\.gru\.bias_/, "gru.b_"],
      [/^fignn\.W_attn\./, "att."],
      [/^fc\.mlp1\./, "score."],
      [/^fc\.mlp2\.0\./, "gate."],
    ],
  },
  finalmlp: {
    tables: [
      [/^fs_module\.fs1_ctx_emb\.embedding_layer\.$/, "ctx"],
      [/^fs_module\.fs2_ctx_emb\.embedding_layer\.$/, "ctx_2"],
    ],
    sequences: [[/^mlp([12])\.mlp$/, "mlp$1"], [/^fs_module\.fs([12])_gate\.mlp$/, "fs$1"]],
    rules: [[/^fs_module\.fs([12])_ctx_bias$/, "ctx$1"], [/^fusion_module\.w_/, "fusion."]],
  },
  finalnet: {
    rules: [
      [/^feature_gating\.linear\./, "gate."],
      [/^block([12])\.layer\.(\d+)\.linear\./, "block$1.$2."],
      [/^block([12])\.norm\.(\d+)\./, "block$1.$2.bn."],
      [/^fc([12])\./, "fc$1."],
    ],
  },
  flen: {
    rules: [[/^r_ij\./, "mf."], [/^r_mm\./, "fm."], [/^w_FwBI\.0\./, "bi."], [/^w_F\./, "top."]],
  },
  fm: {},
  fmfm: { rules: [[/^interaction_weight$/, "fmfm.weight"]] },
  fwfm: {
    tables: [[/^linear_weight_layer\.embedding_layer\.$/, "lw"]],
    rules: [[/^interaction_weight\./, "fwfm."], [/^linear_weight_layer\.weight$/, "lin.weight"]],
  },
  gdcn: {
    rules: [
      [/^cross_net\.w\./, "cross."],
      [/^cross_net\.wg\./, "gate."],
      [/^cross_net\.b\.(\d+)$/, "cross.$1.bias"],
    ],
  },
  hfm: { rules: [[/^proj_h\./, "proj."]] },
  hofm: {
    tables: [
      [/^embedding_layers\.0\.embedding_layer\.$/, "emb"],
      [/^embedding_layers\.1\.embedding_layer\.$/, "emb3"],
    ],
  },
  interhat: {
    sequences: [
      [/^feedforward\.ffn$/, "ffn"],
      [/^aggregation_layers\.(\d+)\.agg$/, "agg.$1"],
      [/^attentional_score\.agg$/, "top"],
    ],
    rules: [
      [/^multi_head_attention\.W_/, "att."],
      [/^multi_head_attention\.layer_norm\./, "att.ln."],
      [/^feedforward\.layer_norm\./, "ffn.ln."],
    ],
  },
  lorentzfm: {},
  lr: {},
  masknet: {
    sequences: [
      [/^mask_net\.mask_blocks\.(\d+)\.mask_layer$/, "block.$1.mask"],
      [/^mask_net\.dnn\.mlp$/, "mlp"],
    ],
    rules: [
      [/^mask_net\.mask_blocks\.(\d+)\.hidden_layer\.0\./, "block.$1.out."],
      [/^mask_net\.mask_blocks\.(\d+)\.hidden_layer\.1\./, "block.$1.ln."],
      [/^mask_net\.fc\.0\./, "top."],
    ],
  },
  mmoe: {
    sequences: [
      [/^mmoe_layer\.experts\.(\d+)\.mlp$/, "expert.$1"],
      [/^mmoe_layer\.gate\.(\d+)\.mlp$/, "gate.$1"],
      TOWERS,
    ],
  },
  nfm: {},
  onn: { tables: [[/^embedding_layers\.(\d+)\.embedding_layer\.$/, "onn.t$1"]] },
  ple: {
    sequences: [
      [/^cgc_layers\.(\d+)\.shared_experts\.(\d+)\.mlp$/, "cgc.$1.shared.$2"],
      [/^cgc_layers\.(\d+)\.specific_experts\.(\d+)\.(\d+)\.mlp$/, "cgc.$1.own.$2.$3"],
      [/^cgc_layers\.(\d+)\.gate\.(\d+)\.mlp$/, "cgc.$1.gate.$2"],
      TOWERS,
    ],
    // The last gate of a layer mixes for the next layer.
    unused: (names) => {
      const [layer, gate] = [/^cgc_layers\.(\d+)/, /^cgc_layers\.\d+\.gate\.(\d+)/].map((pattern) =>
        Math.max(...names.map((name) => Number(pattern.exec(name)?.[1] ?? -1)))
      );
      return new RegExp(`^cgc_layers\\.${layer}\\.gate\\.${gate}\\.`);
    },
  },
  pnn: {},
  ppnet: {
    tables: [[/^gate_embed_layer\.embedding_layer\.$/, "gate_emb"]],
    sequences: [[/^ppn\.gate_layers\.(\d+)\.gate$/, "gate.$1"]],
    rules: [[/^ppn\.mlp_layers\.(\d+)\.(?:0\.)?(weight|bias)$/, "mlp.$1.$2"]],
  },
  qnn: { rules: [[/^qnn\.layer\.(\d+)\.linear\.0\./, "qnn.$1."], [/^qnn\.fc\./, "top."]] },
  sam: { rules: [[/^block\.weight$/, "pool"], [/^block\.layers\./, "sam."]] },
  shared_bottom: { sequences: [[/^bottom\.mlp$/, "bottom"], TOWERS] },
  transact: {
    sequences: [[/^parallel_dnn\.mlp$/, "deep"]],
    rules: [
      [/^transformer_encoders\.0\.transformer_encoder\.layers\.0\.self_attn\.in_proj_/, "tf.att.in_"],
      [/^transformer_encoders\.0\.transformer_encoder\.layers\.0\.self_attn\.out_proj\./, "tf.att.out."],
      [/^transformer_encoders\.0\.transformer_encoder\.layers\.0\.linear(\d)/, fromOne("tf.ffn.")],
      [/^transformer_encoders\.0\.transformer_encoder\.layers\.0\.norm(\d)\./, "tf.ln$1."],
      [/^transformer_encoders\.0\.out_linear\./, "pool."],
      CROSS_LAYERS,
    ],
  },
  wide_deep: {},
  wukong: {
    sequences: [[/^wukong_stack\.(\d+)\.fmb\.mlp\.mlp$/, "fm.$1"], [/^fc\.mlp$/, "mlp"]],
    rules: [
      [/^wukong_stack\.(\d+)\.fmb\.proj_Y$/, "fm.$1.proj"],
      [/^wukong_stack\.(\d+)\.fmb\.layer_norm\./, "fm.$1.ln."],
      [/^wukong_stack\.(\d+)\.lcb\.linear\./, "lin.$1."],
      [/^wukong_stack\.(\d+)\.layer_norm\./, "out.$1.ln."],
      [/^wukong_stack\.(\d+)\.residual_proj\./, "res.$1."],
    ],
    // The layer norm takes it away.
    unused: () => /^wukong_stack\.\d+\.residual_proj\.bias$/,
  },
  xdeepfm: {
    rules: [
      [/^cin\.fc\./, "cin_top."],
      [/^cin\.cin_layer\.layer_(\d+)/, fromOne("cin.")],
    ],
  },
};

/** Names of FuxiCTR's models that can be imported. */
export const FUXICTR_NAMES: Readonly<Record<string, Names>> = Object.fromEntries(
  Object.entries(OWN).map(([model, { tables = [], sequences = [], rules = [], unused }]): [string, Names] => [model, {
    tables: [...tables, ...COMMON.tables],
    sequences: [...sequences, ...COMMON.sequences],
    rules: [...rules, ...COMMON.rules],
    unused,
  }]),
);
