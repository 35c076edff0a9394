/**
 * A model's forward pass as a graph of ONNX.
 *
 * @module
 */
import type { Calibration } from "../../calibration/calibration.ts";
import type { CheckpointTensor } from "../../checkpoint/content.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";
import type { Definition } from "../../definition.ts";
import type { Node } from "../../graph/node.ts";
import { Declarations } from "../../graph/parameter.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { buildModel, spaceOf } from "../../trace.ts";
import { calibrate } from "./calibration.ts";
import { encodeInputs } from "./columns.ts";
import { OnnxGraph, type Value } from "./graph.ts";
import { translationsOf } from "./ops/mod.ts";
import type { Translations } from "./translation.ts";

/** A model as far as its forward pass depends on it. */
export interface TracedModel {
  /** Name and options of the model function. */
  readonly definition: Definition;
  /** Schema of the data. */
  readonly schema: FittedSchema;
  /** What turns logits into probabilities, by task. */
  readonly calibration: Calibration | undefined;
  /** Parameters, statistics and tables by name. */
  readonly tensors: Readonly<Record<string, CheckpointTensor>>;
}

/**
 * Translates a model: inputs are the columns of its schema, outputs probability and logit of each task.
 *
 * @param strings whether names come as texts instead of row numbers
 * @throws {TypeError} when an op of the model has no translation; the message names all of them
 * @throws {RangeError} when two inputs or outputs would have one name
 */
export function translateModel(
  { definition, schema, calibration, tensors }: TracedModel,
  strings: boolean,
): OnnxGraph {
  const { logits } = buildModel(definition, "predict", new Declarations(), spaceOf(schema), 1);
  const g = new OnnxGraph();
  const outputs = schema.tasks.map((task) => {
    const end = schema.tasks.length === 1 ? "" : `_${task}`;
    return { task, score: g.reserve(`score${end}`), logit: g.reserve(`logit${end}`) };
  });
  const columns = encodeInputs(g, schema, { strings });
  const translations = translationsOf(columns);
  const nodes = nodesBelow(logits);
  requireTranslations(definition.name, nodes, translations);
  const values = new Map<Tensor, Value>();
  const valueOf = (tensor: Tensor): Value => {
    let value = values.get(tensor);
    if (value === undefined) values.set(tensor, value = leafOf(g, tensor, tensors));
    return value;
  };
  for (const node of nodes) translateNode(g, node, translations[node.op.name], valueOf, values);
  const all = valueOf(logits);
  outputs.forEach(({ task, score, logit }, t) => {
    const own = outputs.length === 1 ? all : g.slice(all, 1, t, t + 1);
    const scored = schema.real
      ? g.op("Identity", [own])
      : calibrate(g, own, calibration?.[task], { schema, ids: columns.ids });
    g.output(scored, score, "float", ["batch", 1]);
    g.output(own, logit, "float", ["batch", 1]);
  });
  return g;
}

/** Nodes that a tensor depends on, each behind what it reads. */
function nodesBelow(tensor: Tensor): Node[] {
  const live = new Set<Node>();
  const visit = (node: Node | undefined): void => {
    if (!node || live.has(node)) return;
    live.add(node);
    // Batches and histories are cut from columns that the graph encodes itself.
    if (!isCut(node)) { for (const input of node.inputs) visit(input.node); }
  };
  visit(tensor.node);
  return tensor.graph.nodes.filter((node) => live.has(node));
}

function isCut({ op: { name } }: Node): boolean {
  return name === "cut_batch" || name === "cut_history";
}

function requireTranslations(model: string, nodes: readonly Node[], translations: Translations): void {
  const unknown = new Set(nodes.map(({ op: { name } }) => name).filter((name) => !Object.hasOwn(translations, name)));
  if (unknown.size === 0) return;
  throw new TypeError(
    `Cannot export ${model} to ONNX: all ops must have a translation, received ${[...unknown].join(", ")}`,
  );
}

function translateNode(
  g: OnnxGraph,
  node: Node,
  translate: Translations[string],
  valueOf: (tensor: Tensor) => Value,
  values: Map<Tensor, Value>,
): void {
  const result = translate(g, isCut(node) ? [] : node.inputs.map(valueOf), {
    attributes: node.attributes,
    shapes: node.inputs.map(({ shape }) => shape),
    outputs: node.outputs.map(({ shape }) => shape),
    node,
  });
  [result].flat().forEach((value, i) => values.set(node.outputs[i], value));
}

function leafOf(g: OnnxGraph, tensor: Tensor, tensors: TracedModel["tensors"]): Value {
  const { origin } = tensor;
  if (origin.kind !== "parameter" && origin.kind !== "table") {
    throw new TypeError(
      `Cannot export to ONNX: a translation must return all outputs that are read, received ${
        origin.kind === "node" ? `less of ${origin.node.op.name}` : origin.kind
      }`,
    );
  }
  const { name } = origin.kind === "parameter" ? origin.parameter : origin.table;
  const { shape, data } = tensors[name];
  return g.tensor(name, shape, data);
}
