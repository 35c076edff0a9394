/**
 * `weft import`.
 *
 * @module
 */
import { requireSavable } from "../checkpoint.ts";
import type { Gpu } from "../gpu/device.ts";
import { importSafetensors } from "../interchange/model.ts";
import { readSafetensors } from "../interchange/safetensors.ts";
import { importable, type ImportReport, importStateDict, type Tool } from "../interchange/state_dict/import.ts";
import {
  type ExchangedSchema,
  readDeepctrSchema,
  readFuxictrSchema,
  readVocabularies,
} from "../interchange/state_dict/schema.ts";
import { Model } from "../model.ts";
import { openGpu } from "./device.ts";
import { loadModel } from "./load.ts";
import { MODEL_OPTIONS, readModel } from "./model.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount, wrap } from "./table.ts";

const TOOLS: readonly Tool[] = ["fuxictr", "deepctr"];

const GROUPS = {
  "Files": {
    from: { value: "TOOL", help: "fuxictr, deepctr, or weft for what export wrote" },
    tensors: { value: "FILE", help: "safetensors file with the tensors, of a PyTorch model its state_dict" },
    "feature-map": { value: "FILE", help: "feature_map.json of FuxiCTR" },
    vocabulary: {
      value: "FILE",
      help: "feature_vocab.json of FuxiCTR; for deepctr JSON of the same kind, such as\n" +
        '{"user": {"u1": 0, "u2": 1}, "hour": 24}, where a number of rows stands for 0, 1, 2, ...',
    },
    label: { value: "COLUMN", help: "column of the label, for deepctr (default label)" },
    out: { value: "FILE", help: "model to write" },
  },
  "Model": {
    ...MODEL_OPTIONS,
    "model-file": { value: "FILE", help: "model whose columns, vocabularies and options are taken, in place of these" },
  },
} as const;

type Name = NameOf<typeof GROUPS>;

/** Options that a tool's files have no use for. */
const NOT_FOR: Readonly<Record<Tool, readonly Name[]>> = { fuxictr: ["label"], deepctr: ["feature-map"] };

/** Describes `weft import`. */
export const IMPORT: CommandInfo<typeof GROUPS> = {
  name: "import",
  summary: "make a model of the tensors that another tool trained",
  options: GROUPS,
  notes: [
    ...TOOLS.flatMap((tool) => wrap(`Models of ${tool}: ${importable(tool).join(", ")}.`, 100)),
    "Options of the model must be those that it was trained with. All tensors must be used; those that are not are listed.",
  ],
  examples: [
    "import --from fuxictr --tensors deepfm.safetensors --feature-map feature_map.json \\\n" +
    "    --vocabulary feature_vocab.json --model deepfm --dim 10 --hidden 64,64 --out deepfm.weft",
    "import --from deepctr --tensors wdl.safetensors --vocabulary rows.json --label click --model wide_deep \\\n" +
    "    --dim 4 --hidden 256,128 --out wdl.weft",
    "import --from weft --tensors deepfm.safetensors --model-file deepfm.weft --out changed.weft",
  ],
};

/** Runs `weft import`. */
export async function importModel(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(IMPORT, args);
  options.required("from");
  const from = options.choice("from", ["weft", ...TOOLS])!;
  const tensors = options.required("tensors");
  const out = options.required("out");
  options.exclude("model-file", ["model", "dim", "dims", "hidden", "dropout", "batch-norm", "model-options"]);
  const others: readonly Name[] = from === "weft" ? ["feature-map", "vocabulary", "label"] : NOT_FOR[from as Tool];
  const surplus = others.find((name) => options.has(name));
  if (surplus) options.refuse(`option "--${surplus}" is not for --from ${from}`);
  await requireSavable(out);
  const fill = from === "weft" ? await fromWeft(options, tensors) : await fromTool(options, from as Tool, tensors);
  using gpu = await openGpu(streams);
  await using model = await fill(gpu, streams);
  await model.save(out);
  streams.out(`Saved the model to ${out}`);
  return 0;
}

/** Makes a model on a device and fills it. */
type Fill = (gpu: Gpu, streams: Streams) => Promise<Model>;

function fromWeft(options: Options<Name>, tensors: string): Promise<Fill> {
  const path = options.required("model-file");
  return Promise.resolve((gpu, streams) =>
    filled(loadModel(path, gpu, streams), (model) => importSafetensors(model, tensors))
  );
}

async function fromTool(options: Options<Name>, from: Tool, path: string): Promise<Fill> {
  const modelFile = options.text("model-file");
  if (modelFile === undefined) options.required("model");
  const { schema, vocabularies } = await readSchema(options, from, modelFile === undefined);
  const declared = modelFile === undefined ? readModel(options) : undefined;
  if (declared && schema) declared.check(schema);
  const { tensors } = await readSafetensors(path);
  return (gpu, streams) =>
    filled(
      modelFile === undefined
        ? Model.create(declared!.definition, schema!, { device: gpu })
        : loadModel(modelFile, gpu, streams),
      async (model) => describe(await importStateDict(model, tensors, { from, vocabularies }), streams),
    );
}

/** Reads the vocabularies and, where no model has it, the schema. */
async function readSchema(
  options: Options<Name>,
  from: Tool,
  withSchema: boolean,
): Promise<Partial<ExchangedSchema> & Pick<ExchangedSchema, "vocabularies">> {
  const vocabulary = await readJson(options.required("vocabulary"));
  if (from === "deepctr") {
    const read = readDeepctrSchema(options.text("label") ?? "label", vocabulary);
    return withSchema ? read : { vocabularies: read.vocabularies };
  }
  if (!withSchema) return { vocabularies: readVocabularies(vocabulary) };
  return readFuxictrSchema(await readJson(options.required("feature-map")), vocabulary);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    throw new Error(`Cannot read "${path}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Fills a model; nothing of it is left where that fails. */
async function filled(opened: Promise<Model>, fill: (model: Model) => Promise<void>): Promise<Model> {
  const model = await opened;
  try {
    await fill(model);
    return model;
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

function describe({ ignored, unusedRows, zeroUnseen }: ImportReport, streams: Streams): void {
  if (ignored.length > 0) {
    streams.err(
      `Left out ${formatCount(ignored.length, "tensor")} that nothing is computed with: ${ignored.join(", ")}`,
    );
  }
  for (const [field, rows] of Object.entries(unusedRows)) {
    streams.err(`Left out ${formatCount(rows, "row")} of "${field}" whose values the model has not`);
  }
  if (zeroUnseen.length > 0) {
    streams.err(`Unseen values have zeros in ${zeroUnseen.join(", ")}: there are no rows for them`);
  }
}
