/** `state_dict`s of FuxiCTR and DeepCTR-Torch with the numbers of golden cases, under the names that their classes have. */
import type { CheckpointTensor } from "../../src/checkpoint/content.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import type { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readRows } from "../../src/data/rows.ts";
import type { Tool } from "../../src/interchange/state_dict/import.ts";
import { readDeepctrSchema, readFuxictrSchema } from "../../src/interchange/state_dict/schema.ts";
import { concatenate, type NamedTensor, transpose } from "../../src/interchange/state_dict/tensor.ts";
import { type GoldenCase, readGolden } from "../golden_case.ts";

/** Names of a class, as `load_state_dict` of PyTorch 1.13 took them before its logits were compared with the case's. */
interface ClassNames {
  class: string;
  /** Names in the `state_dict` to those of the case: several are added up, and one with ' behind is transposed. */
  names: Record<string, string | string[]>;
  /** Further tensors: types and shapes. */
  others?: Record<string, [dtype: string, shape: number[]]>;
}

const NAMES: Record<Tool, Record<string, ClassNames>> = JSON.parse(
  await Deno.readTextFile(new URL("../golden/state_dict_names.json", import.meta.url)),
);

/** What a user has of another tool's model, with rows to score. */
export interface Exchanged {
  tensors: Record<string, CheckpointTensor>;
  schema: FittedSchema;
  vocabularies: Record<string, Record<string, number>>;
  featureMap: object;
  data: Dataset;
  logits: (number | number[])[];
  /** How many tensors nothing is computed with. */
  ignored: number;
}

/** Returns the names of the cases of a tool. */
export function casesOf(tool: Tool): string[] {
  return Object.keys(NAMES[tool]);
}

/** Sequences by the field whose rows they have; row 0 is padding in the case. The last one has rows of its own. */
function sharedFields({ config, batches: [{ hist, cate, multi }] }: GoldenCase): Record<string, string> {
  const own = `f${config.vocab_sizes.length}`;
  return { ...(hist && { f1: "hist" }), ...(cate && { f2: "cate" }), ...(multi && { [own]: "multi" }) };
}

/**
 * Puts FuxiCTR's reserved rows around those of a case: padding, of which nothing may come through, and unseen values.
 */
function withReserved(tensor: NamedTensor, isShared: boolean): NamedTensor {
  const [rows, dim] = tensor.shape;
  const row = (value: number) => ({ name: "", shape: [1, dim], data: new Float32Array(dim).fill(value) });
  const parts = isShared ? [tensor, row(0.25)] : [row(1000), tensor, row(0.25)];
  return concatenate(tensor.name, [rows + parts.length - 1, dim], parts);
}

function vocabularyOf(rows: number, isShared: boolean): Record<string, number> {
  const values = Array.from({ length: rows }, (_, id): [string, number] => [String(id), isShared ? id : id + 1]);
  const kept = isShared ? values.slice(1) : values;
  return { __PAD__: 0, ...Object.fromEntries(kept), __OOV__: isShared ? rows : rows + 1 };
}

/** Makes what a user has of the case's model. */
export function exchange(tool: Tool, name: string): Exchanged {
  const golden = readGolden(name);
  const { names, others = {} } = NAMES[tool][name];
  const known = new Map([...golden.params, ...(golden.buffers_init ?? [])].map((tensor) => [tensor.name, tensor]));
  const shared = sharedFields(golden);
  const used = golden.config.vocab_sizes.map((_, f) => `f${f}`).filter((field) =>
    [...known.keys()].some((key) => key.endsWith(`.${field}`))
  );
  const tensors: Record<string, CheckpointTensor> = {};
  const put = (key: string, sources: readonly string[], field?: string): void => {
    const parts = sources.map((source) => known.get(source.replace(/'$/, ""))!);
    const sum = Float32Array.from(parts[0].data, (_, i) => parts.reduce((sum, { data }) => sum + data[i], 0));
    const whole = { name: key, shape: parts[0].shape, data: sum };
    const turned = sources[0].endsWith("'") ? transpose(whole) : whole;
    const isTable = field !== undefined && tool === "fuxictr";
    const { shape, data } = isTable ? withReserved(turned, Object.hasOwn(shared, field)) : turned;
    tensors[key] = { shape, data: Float32Array.from(data) };
  };
  for (const [key, source] of Object.entries(names)) {
    const fields = key.includes("{field}") ? used : [undefined];
    for (const field of fields) {
      const sources = [source].flat().map((text) => text.replace("{field}", field ?? ""));
      if (known.has(sources[0].replace(/'$/, ""))) {
        put(key.replace("{field}", field ?? ""), sources, field ?? /\.(f\d+)$/.exec(sources[0])?.[1]);
      }
    }
  }
  for (const [key, [dtype, shape]] of Object.entries(others)) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const data = dtype === "int64" ? new BigInt64Array(size) : dtype === "bool" ? new Uint8Array(size) : undefined;
    tensors[key] = { shape, data: data ?? new Float32Array(size) };
  }
  const schemas = tool === "fuxictr" ? fuxictrFiles(golden, used, shared) : deepctrFiles(golden, used);
  const rows = rowsOf(golden, used, shared);
  const canceled = Object.keys(names).filter((key) => /W_(?:q|k|unary)\.bias$|residual_proj\.bias$/.test(key)).length;
  return {
    tensors,
    ignored: Object.keys(others).length + canceled,
    ...schemas,
    data: readRows(rows, schemas.schema),
    logits: golden.eval_logits ?? golden.forward.logits,
  };
}

function fuxictrFiles({ config, batches }: GoldenCase, used: readonly string[], shared: Record<string, string>) {
  const spec = (field: string) => ({ [field]: { source: "", type: "categorical", padding_idx: 0 } });
  const sequence = ([field, name]: [string, string]) => {
    const max_len = batches[0][name as "hist" | "multi"]![0].length;
    const feature_encoder = name === "multi" ? "layers.MaskedAveragePooling()" : null;
    const isShared = name !== "multi";
    return { [name]: { type: "sequence", max_len, feature_encoder, ...(isShared && { share_embedding: field }) } };
  };
  const tasks = config.tasks ?? 1;
  const labels = tasks > 1 ? Array.from({ length: tasks }, (_, t) => `task${t}`) : ["label"];
  const featureMap = { labels, features: [...used.map(spec), ...Object.entries(shared).map(sequence)] };
  const all = used.map((field) =>
    [field, vocabularyOf(config.vocab_sizes[Number(field.slice(1))], Object.hasOwn(shared, field))] as const
  );
  const own: Record<string, Record<string, number>> = batches[0].multi
    ? { multi: vocabularyOf(config.multi_vocab!, true) }
    : {};
  const vocabularies = { ...Object.fromEntries(all), ...own };
  return { featureMap, ...readFuxictrSchema(featureMap, vocabularies), vocabularies };
}

function deepctrFiles({ config }: GoldenCase, used: readonly string[]) {
  const sizes = Object.fromEntries(used.map((field, f) => [field, config.vocab_sizes[f]]));
  const { schema, vocabularies } = readDeepctrSchema("label", sizes);
  return { featureMap: {}, schema, vocabularies: vocabularies as Record<string, Record<string, number>> };
}

function rowsOf({ batches: [batch] }: GoldenCase, used: readonly string[], shared: Record<string, string>) {
  return batch.ids.map((ids, b) => {
    const labels = [batch.labels[b]].flat();
    const named = labels.length > 1 ? labels.map((label, t) => [`task${t}`, label]) : [["label", labels[0]]];
    const values = used.map((field) => [field, String(ids[Number(field.slice(1))])]);
    const lists = Object.values(shared).map((name) => [name, batch[name as "hist"]![b].filter(Boolean).join("^")]);
    return Object.fromEntries([...named, ...values, ...lists]);
  });
}
