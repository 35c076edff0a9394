/**
 * The messages of ONNX files, with the numbers that its `onnx.proto` gives their fields.
 *
 * @module
 */
import { Message } from "./message.ts";

/** Numbers of element types. */
export const ELEMENT = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const;

/** Name of an element type. */
export type Element = keyof typeof ELEMENT;

/** Version of the file format. */
const IR_VERSION = 8;

/** Versions of the sets of operators. */
const OPSETS = { "": 17, "ai.onnx.ml": 3 } as const;

/** A set of operators: the standard one, or that of feature preparation. */
export type Domain = keyof typeof OPSETS;

/** What an operator is specialized by: integers, texts, lists of either, and graphs that it runs. */
export type OnnxAttributes = Readonly<
  Record<string, number | string | readonly number[] | readonly string[] | OnnxBody>
>;

/** A graph that an operator runs again and again; it may read all tensors of the graph around it. */
export interface OnnxBody {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** An application of an operator. */
export interface OnnxNode {
  readonly type: string;
  readonly domain: Domain;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
}

/** A tensor of the graph's own. */
export interface OnnxTensor {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly number[];
  /** Little-endian numbers. */
  readonly bytes: Uint8Array;
  /** Whether it is one of the model's tensors, and no constant of an operator. */
  readonly isParameter: boolean;
}

/** A tensor that a caller gives or receives; sizes with names are free. */
export interface OnnxPort {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly (number | string)[];
}

/** Where the numbers of a tensor are in another file. */
export interface ExternalPlace {
  /** Name of the file, which is in the folder of the model. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  /** SHA-1 of the whole file in hexadecimal. */
  readonly checksum: string;
}

/** What a model file says. */
export interface OnnxContents extends OnnxBody {
  /** Name of the graph. */
  readonly name: string;
  readonly tensors: readonly OnnxTensor[];
  /** Version of the program that writes. */
  readonly version: string;
  /** Texts by key, for people and programs that look for them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes a model; tensors of which `placeOf` knows a place are in another file. */
export function formatModel(
  { name, tensors, version, metadata, ...body }: OnnxContents,
  placeOf: (tensor: OnnxTensor) => ExternalPlace | undefined,
): Message {
  const graph = formatGraph(name, body);
  for (const tensor of tensors) graph.message(5, formatTensor(tensor, placeOf(tensor)));
  const model = new Message().int(1, IR_VERSION).text(2, "weft").text(3, version).message(7, graph);
  const domains = new Set<Domain>(["", ...body.nodes.map(({ domain }) => domain)]);
  for (const domain of domains) model.message(8, new Message().text(1, domain).int(2, OPSETS[domain]));
  for (const [key, value] of Object.entries(metadata)) model.message(14, formatEntry(key, value));
  return model;
}

function formatGraph(name: string, { nodes, inputs, outputs }: OnnxBody): Message {
  const graph = new Message();
  for (const node of nodes) graph.message(1, formatNode(node));
  graph.text(2, name);
  for (const port of inputs) graph.message(11, formatPort(port));
  for (const port of outputs) graph.message(12, formatPort(port));
  return graph;
}

function formatEntry(key: string, value: string): Message {
  return new Message().text(1, key).text(2, value);
}

function formatNode({ type, domain, inputs, outputs, attributes }: OnnxNode): Message {
  const node = new Message();
  for (const input of inputs) node.text(1, input);
  for (const output of outputs) node.text(2, output);
  node.text(3, outputs[0]).text(4, type);
  for (const [name, value] of Object.entries(attributes)) node.message(5, formatAttribute(name, value));
  return domain === "" ? node : node.text(7, domain);
}

/** Attributes that are floats; all other numbers are integers. */
const FLOATS = new Set(["alpha", "epsilon"]);

function formatAttribute(name: string, value: OnnxAttributes[string]): Message {
  const attribute = new Message().text(1, name);
  if (typeof value === "number") {
    return FLOATS.has(name) ? attribute.float(2, value).int(20, 1) : attribute.int(3, value).int(20, 2);
  }
  if (typeof value === "string") return attribute.text(4, value).int(20, 3);
  if ("nodes" in value) return attribute.message(6, formatGraph(name, value)).int(20, 5);
  if (value.every((item) => typeof item === "number")) return attribute.ints(8, value as number[]).int(20, 7);
  for (const item of value) attribute.text(9, item as string);
  return attribute.int(20, 8);
}

function formatTensor({ name, element, shape, bytes }: OnnxTensor, place: ExternalPlace | undefined): Message {
  const tensor = new Message().ints(1, shape).int(2, ELEMENT[element]).text(8, name);
  if (!place) return tensor.bytes(9, bytes);
  for (const [key, value] of Object.entries(place)) tensor.message(13, formatEntry(key, `${value}`));
  return tensor.int(14, 1);
}

function formatPort({ name, element, shape }: OnnxPort): Message {
  const sizes = new Message();
  for (const size of shape) {
    const written = new Message();
    sizes.message(1, typeof size === "number" ? written.int(1, size) : written.text(2, size));
  }
  const tensor = new Message().int(1, ELEMENT[element]).message(2, sizes);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
