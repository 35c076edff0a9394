/**
 * `weft export`.
 *
 * @module
 */
import { exportSafetensors } from "../interchange/model.ts";
import { exportOnnx, type OnnxOptions } from "../interchange/onnx/export.ts";
import type { Model } from "../model.ts";
import { openGpu } from "./device.ts";
import { requireWritable } from "./files.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";

/** Writes a model to a path, in a format, and returns the paths of all files that it wrote. */
type Exporter = (model: Model, path: string, options: OnnxOptions) => Promise<string[]>;

/** What writes each format. */
const FORMATS: Readonly<Record<string, Exporter>> = {
  safetensors: exportSafetensors,
  onnx: exportOnnx,
};

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model or checkpoint that train wrote" },
  },
  "File": {
    to: { value: "FORMAT", help: `${Object.keys(FORMATS).join(" or ")}` },
    out: {
      value: "FILE",
      help: "file to write; vocabulary.json, which says what rows stand for, is written beside it",
    },
  },
  "ONNX": {
    strings: { help: "names come in as texts, which the graph looks up, not as row numbers" },
    "external-data": { help: "parameters go to FILE.data, as they do in any case from 2 GB on" },
  },
} as const;

/** Describes `weft export`. */
export const EXPORT: CommandInfo<typeof GROUPS> = {
  name: "export",
  summary: "write a model and its vocabularies to files that other tools read",
  options: GROUPS,
  notes: [
    "A safetensors file has the tensors, which import --from weft reads back. An ONNX file has the model: it takes raw",
    "values by column and gives score and logit of each row.",
  ],
  examples: [
    "export --model-file deepfm.weft --to safetensors --out deepfm.safetensors",
    "export --model-file deepfm.weft --to onnx --out deepfm.onnx --strings",
  ],
};

/** Runs `weft export`. */
export async function exportModel(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(EXPORT, args);
  const path = options.required("model-file");
  options.required("to");
  const format = options.choice("to", Object.keys(FORMATS))!;
  const out = options.required("out");
  const own = (["strings", "external-data"] as const).find((name) => options.has(name));
  if (own && format !== "onnx") options.refuse(`option "--${own}" goes with "--to onnx"`);
  await requireWritable(out);
  using gpu = await openGpu(streams);
  await using model = await loadModel(path, gpu, streams);
  const written = await FORMATS[format](model, out, {
    strings: options.has("strings"),
    externalData: options.has("external-data"),
  });
  streams.out(`Wrote ${written.join(" and ")}`);
  return 0;
}
