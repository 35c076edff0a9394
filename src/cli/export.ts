/**
 * `weft export`.
 *
 * @module
 */
import { exportSafetensors } from "../interchange/model.ts";
import type { Model } from "../model.ts";
import { openGpu } from "./device.ts";
import { requireWritable } from "./files.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";

/** Writes a model to a path, in a format, and returns the paths of all files that it wrote. */
type Exporter = (model: Model, path: string) => Promise<string[]>;

/** What writes each format. */
const FORMATS: Readonly<Record<string, Exporter>> = {
  safetensors: exportSafetensors,
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
} as const;

/** Describes `weft export`. */
export const EXPORT: CommandInfo<typeof GROUPS> = {
  name: "export",
  summary: "write a model's tensors and vocabularies to files that other tools read",
  options: GROUPS,
  notes: ["import --from weft reads the tensors back."],
  examples: ["export --model-file deepfm.weft --to safetensors --out deepfm.safetensors"],
};

/** Runs `weft export`. */
export async function exportModel(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(EXPORT, args);
  const path = options.required("model-file");
  options.required("to");
  const format = options.choice("to", Object.keys(FORMATS))!;
  const out = options.required("out");
  await requireWritable(out);
  using gpu = await openGpu(streams);
  await using model = await loadModel(path, gpu, streams);
  const written = await FORMATS[format](model, out);
  streams.out(`Wrote ${written.join(" and ")}`);
  return 0;
}
