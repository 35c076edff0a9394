/**
 * A PyTorch `state_dict` of FuxiCTR or DeepCTR-Torch into the model of the same name.
 *
 * @module
 */
import type { CheckpointTensor } from "../../checkpoint/content.ts";
import { describeNotFinite, findNotFinite } from "../../checkpoint/finite.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";
import { OUT_OF_VOCABULARY } from "../../data/vocabulary.ts";
import type { Model } from "../../model.ts";
import { fitTensors } from "../fit.ts";
import { DEEPCTR_NAMES } from "./deepctr_names.ts";
import { FUXICTR_NAMES } from "./fuxictr_names.ts";
import { type Layout, type Shapes, toWeft } from "./layout.ts";
import { DEEPCTR_LAYOUTS, FUXICTR_LAYOUTS } from "./layouts.ts";
import { type FieldTable, type Names, nameTensors } from "./names.ts";
import { countUnused, mapRows, numberRow, reorderRows, type RowMap, type Vocabularies } from "./rows.ts";
import type { NamedTensor } from "./tensor.ts";

/** A tool whose models can be imported. */
export type Tool = "fuxictr" | "deepctr";

/** What is known of a tool. */
interface ToolInfo {
  readonly title: string;
  readonly names: Readonly<Record<string, Names>>;
  readonly layouts: Readonly<Record<string, Layout>>;
  /** Tensors of the model that the tool lacks, which are then zeros. */
  readonly zeros: readonly string[];
}

const TOOLS: Readonly<Record<Tool, ToolInfo>> = {
  fuxictr: { title: "FuxiCTR", names: FUXICTR_NAMES, layouts: FUXICTR_LAYOUTS, zeros: [] },
  // One bias, that of the output, serves all parts of a model.
  deepctr: { title: "DeepCTR-Torch", names: DEEPCTR_NAMES, layouts: DEEPCTR_LAYOUTS, zeros: ["linear.bias"] },
};

/** Tensors that hold nothing trained: counters and positions of pairs. */
const WITHOUT_NUMBERS = /(?:^|\.)(?:num_batches_tracked|triu_mask|triu_index|conj_sign)$/;

/** Tensors of Weft that matter in training alone: weights of the tasks' losses. */
const TRAINING_ONLY = ["task_log_variances"];

/** What an import found. */
export interface ImportReport {
  /** Names of tensors that nothing is computed with, such as counters of batches. */
  readonly ignored: readonly string[];
  /** How many rows of the other tool's tables are of no value in the model's vocabularies, by field; padding is not counted. */
  readonly unusedRows: Readonly<Record<string, number>>;
  /** Fields whose row for unseen values is zeros, because the other tool has none. */
  readonly zeroUnseen: readonly string[];
}

/** Options of {@linkcode importStateDict}. */
export interface StateDictOptions {
  /** The tool. */
  readonly from: Tool;
  /** Rows of values by field; of FuxiCTR what `feature_vocab.json` holds. */
  readonly vocabularies: Vocabularies;
}

/** Returns the names of the models that can be imported from a tool. */
export function importable(tool: Tool): string[] {
  return Object.keys(TOOLS[tool].names);
}

/**
 * Replaces all parameters, statistics and tables of a model by those of another tool's model with the same name.
 *
 * @param tensors the `state_dict`, as {@linkcode readSafetensors} returns it
 * @throws {TypeError} when that model cannot be imported, or a tensor is missing, of another shape or left over; the
 * message lists them, and the model is then as before
 * @throws {RangeError} when a number is not finite
 */
export async function importStateDict(
  model: Model,
  tensors: Readonly<Record<string, CheckpointTensor>>,
  { from, vocabularies }: StateDictOptions,
): Promise<ImportReport> {
  const { title, names, layouts, zeros } = TOOLS[from];
  const { name } = model.definition;
  if (!Object.hasOwn(names, name)) {
    throw new TypeError(
      `Cannot import from ${title}: the model must be one of ${importable(from)}, received "${name}"`,
    );
  }
  const own = await model.parameters();
  const unused = names[name].unused?.(Object.keys(tensors));
  const ignored = Object.keys(tensors).filter((key) => WITHOUT_NUMBERS.test(key) || unused?.test(key));
  const used = Object.keys(tensors).filter((key) => !ignored.includes(key));
  const { tables, dense } = nameTensors(used.map((key) => toFloats(key, tensors[key])), names[name]);
  const places = new RowPlaces(model.schema, vocabularies);
  const rows = tables.flatMap((table) => places.place(table, tables));
  const weft = toWeft(layouts[name](own as Shapes)([...dense, ...rows]));
  const given = new Set(weft.map((tensor) => tensor.name));
  const absent = (key: string): boolean => Object.hasOwn(own, key) && !given.has(key);
  for (const key of zeros.filter(absent)) weft.push(zerosLike(key, own[key]));
  for (const key of TRAINING_ONLY.filter(absent)) weft.push({ ...own[key], name: key } as NamedTensor);
  const fitting = fitTensors(`the state_dict of ${title}`, own, byName(title, weft));
  const found = findNotFinite(fitting);
  if (found) throw new RangeError(`Cannot import from ${title}: ${describeNotFinite(found)}`);
  model.setParameters(fitting);
  return { ignored, ...places.report() };
}

function toFloats(name: string, { shape, data }: CheckpointTensor): NamedTensor {
  if (data instanceof Float32Array || data instanceof Float64Array) return { name, shape, data };
  throw new TypeError(`Cannot import "${name}": numbers must be floats, received a ${data.constructor.name}`);
}

function zerosLike(name: string, { shape, data }: CheckpointTensor): NamedTensor {
  return { name, shape, data: new Float32Array(data.length) };
}

function byName(title: string, tensors: readonly NamedTensor[]): Record<string, CheckpointTensor> {
  const result = new Map<string, CheckpointTensor>();
  for (const { name, shape, data } of tensors) {
    if (result.has(name)) throw new TypeError(`Cannot import from ${title}: two tensors become "${name}"`);
    result.set(name, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
  }
  return Object.fromEntries(result);
}

/** Places the rows of fields, each of which may be in several tables. */
class RowPlaces {
  readonly #schema: FittedSchema;
  readonly #vocabularies: Vocabularies;
  readonly #maps = new Map<string, RowMap>();
  readonly #unused = new Map<string, number>();

  constructor(schema: FittedSchema, vocabularies: Vocabularies) {
    this.#schema = schema;
    this.#vocabularies = vocabularies;
  }

  /** Returns a table's rows of a field under their plain name; nothing of a sequence that shares those of its field. */
  place(table: FieldTable, all: readonly FieldTable[]): NamedTensor[] {
    const { kind, field } = table;
    const sequence = this.#schema.sequences.find(({ name }) => name === field);
    if (sequence?.target !== undefined) {
      const shared = all.find((other) => other.kind === kind && other.field === sequence.feature.of);
      if (shared && equal(shared.tensor, table.tensor)) return [];
      return [table.tensor];
    }
    const own = this.#schema.sequences.filter(({ target }) => target === undefined);
    const owners = [...this.#schema.fields, ...own];
    const index = owners.findIndex(({ name }) => name === field);
    // A table of a field that the model has not is left over, under its first name.
    if (index < 0) return [table.tensor];
    return [{ ...this.#rowsOf(table, owners[index]), name: `${kind}.f${index}` }];
  }

  #rowsOf(table: FieldTable, owner: FittedSchema["fields"][number] | FittedSchema["sequences"][number]): NamedTensor {
    const kind = "kind" in owner ? owner.kind : "categorical";
    if (kind === "numeric") return numberRow(table, owner.rows);
    if (kind === "bucketed") {
      throw new TypeError(`Cannot import "${table.tensor.name}": field "${owner.name}" must not be cut into buckets`);
    }
    const map = this.#maps.get(owner.name) ?? mapRows(this.#schema, owner, this.#vocabularies);
    this.#maps.set(owner.name, map);
    const rows = reorderRows(table, map);
    const unused = countUnused(table, map);
    if (unused > 0) this.#unused.set(owner.name, unused);
    return rows;
  }

  /** Returns what of the rows was of no use, or absent. */
  report(): Pick<ImportReport, "unusedRows" | "zeroUnseen"> {
    const lacking = [...this.#maps].filter(([, { sources }]) => sources[OUT_OF_VOCABULARY] === undefined);
    return { unusedRows: Object.fromEntries(this.#unused), zeroUnseen: lacking.map(([field]) => field) };
  }
}

function equal(a: NamedTensor, b: NamedTensor): boolean {
  if (a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}
