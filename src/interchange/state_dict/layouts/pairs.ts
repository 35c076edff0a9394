/**
 * Layouts of models of pairs of fields.
 *
 * @module
 */
import type { Layout } from "../layout.ts";
import {
  type Convert,
  each,
  eachOf,
  gather,
  inTurn,
  type NamedTensor,
  rename,
  sideBySide,
  transpose,
} from "../tensor.ts";
import { lastOfMlp } from "./mlp.ts";

/** Puts tables of a field, one for each partner, side by side in one; the first of them has number `first`. */
export function tablesOfPartners(table: string, first = 0): Convert {
  const pattern = new RegExp(`^${table}\\.t(\\d+)\\.(.+)$`);
  return (tensors) => {
    const partners = new Map<string, NamedTensor[]>();
    const others = tensors.filter((tensor) => {
      const [, partner, field] = pattern.exec(tensor.name) ?? [];
      if (partner !== undefined) (partners.get(field) ?? partners.set(field, []).get(field)!)[Number(partner)] = tensor;
      return partner === undefined;
    });
    const wide = [...partners].map(([field, parts]) => sideBySide(`${table}.${field}`, parts.slice(first)));
    return [...others, ...wide];
  };
}

/** FuxiCTR's FFM has a table for each other field. */
export const ffm: Layout = () => tablesOfPartners("ffm");

/** The first tables of ONN are for the copies, the others for the products. */
export const onn: Layout = () => inTurn(rename([/^onn\.t0\./, "emb."]), tablesOfPartners("onn", 1));

/** FuxiCTR's matrix for all pairs is [in, out] already, so it is turned here to be turned back. */
export const fibinet: Layout = () =>
  eachOf(/^bil\d\.weight$/, (tensor) => {
    if (tensor.shape.length !== 2) return tensor;
    const [dim] = tensor.shape;
    return gather(tensor, tensor.shape, (i) => (i % dim) * dim + Math.floor(i / dim));
  });

/** Weights [H, I F, 1] of feature maps, whose pairs have the field first, or else the row. */
const cinWeights = (order: "field first" | "row first"): Layout => (model) =>
  eachOf(/^cin\.\d+\.weight$/, (tensor) => {
    const [outs, terms] = tensor.shape;
    const fields = Math.sqrt(model["cin.0.weight"].shape[0]);
    const rows = terms / fields;
    const place = (k: number): number => order === "field first" ? (k % fields) * rows + Math.floor(k / fields) : k;
    return gather(tensor, [outs, terms], (i) => Math.floor(i / terms) * terms + place(i % terms));
  });

/** FuxiCTR's xDeepFM. */
export const xdeepfm: Layout = cinWeights("field first");

/** DeepCTR's xDeepFM. */
export const xdeepfmOfDeepCtr: Layout = (model) => inTurn(lastOfMlp(model), cinWeights("row first")(model));

/** DeepCTR's kernel [D, P, D] of outer products, of which the right field comes first. */
export const pnnOfDeepCtr: Layout = (model) =>
  inTurn(
    lastOfMlp(model),
    eachOf(/^outer\.kernel$/, (tensor) => {
      if (tensor.shape.length !== 3) return tensor;
      const [right, pairs, left] = tensor.shape;
      return gather(tensor, [pairs, left, right], (i) => {
        const [p, c, d] = [Math.floor(i / (left * right)), Math.floor(i / right) % left, i % right];
        return (d * pairs + p) * left + c;
      });
    }),
  );

/** DeepCTR's weights of attention are [in, out], so they are turned here to be turned back. */
export const afmOfDeepCtr: Layout = () => eachOf(/^(?:att_w|att_h|top)\.weight$/, transpose);

/** One column of weights for each region of gates, then of learners, side by side. */
export const mlr: Layout = () => (tensors) => {
  const fields = new Map<string, NamedTensor[]>();
  for (const tensor of tensors) {
    const name = tensor.name.replace(/^\w+\.\d+\./, "mixture.");
    fields.set(name, [...(fields.get(name) ?? []), tensor]);
  }
  return [...fields].map(([name, columns]) => sideBySide(name, columns));
};

/** The weights of HFM's sum. */
export const hfm: Layout = () => rename([/^proj\.weight$/, "hfm.weight"]);

/** The table of HOFM's third order. */
export const hofm: Layout = () => rename([/^emb3\./, "embedding3."]);

/** Kernels [N, C, K, 1] of convolutions over fields. */
const kernels: Convert = each((tensor) => {
  if (!/^conv\.\d+\.weight$/.test(tensor.name)) return tensor;
  const [maps, channels, height] = tensor.shape;
  return { ...tensor, shape: [maps, channels * height] };
});

/** CCPM's kernels. */
export const ccpm: Layout = () => kernels;

/** FGCNN's kernels, and the table of its generator. */
export const fgcnn: Layout = () => inTurn(rename([/^emb2\./, "generator."]), kernels);
