/**
 * `weft report`.
 *
 * @module
 */
import { describe } from "../data/describe.ts";
import { countRows } from "../data/row_counts.ts";
import { collectReport, renderReport, type Report } from "../report/mod.ts";
import { readRun, type RecordedRun, RUN_FILES } from "../runs/mod.ts";
import { reportData } from "./coverage.ts";
import {
  BAD_ROW_OPTION,
  DATA_OPTIONS,
  type DataFormat,
  filesOf,
  readData,
  readDataFormat,
  readRejections,
} from "./data.ts";
import { RANK_OPTION, readRank, requireDescribable } from "./describe.ts";
import { GPU_OPTION, openGpu, readBackend } from "./device.ts";
import { requireWritable, writeWhole } from "./files.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, type Options, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Model": {
    run: { value: "FOLDER", help: "folder of a run that train wrote, with its learning curves and its model" },
    "model-file": { value: "FILE", help: "model that train wrote (default: that of the run)" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
  },
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION },
  "Report": {
    out: { value: "FILE", help: "page to write (default report.html, in the folder of a run)" },
    json: { help: "print the numbers as JSON instead of writing a page" },
    title: { value: "TEXT", help: "heading (default: the run's folder, else the model's name)" },
    by: { value: "COLUMNS", help: "fields by whose values metrics are told, with commas between them" },
    resamples: { value: "N", help: "resamples of the rows that 95 % intervals are from, 0 for none (default 1000)" },
    importance: { help: "measure what the model loses when the values of a field are dealt to other rows" },
    repeats: { value: "N", help: "times that --importance deals the values of each field (default 5)" },
    "max-rows": { value: "N", help: "rows that --importance looks at, at most (default 10000)" },
    "training-data": {
      value: "FILE",
      help: "rows that the model was trained on, read as --data is, to show embeddings by the count\n" +
        "of their values (default: by their rank in the vocabulary); may be repeated",
    },
    describe: { help: "tell by field what the training data holds, or --data where there is none, as describe does" },
    ...RANK_OPTION,
    "inspect-rows": {
      value: "N",
      help: "rows whose attention, gates and units are looked at, at most (default 1000)",
    },
    seed: { value: "N", help: "seed of what is drawn at random (default 1)" },
  },
} as const;

/** Describes `weft report`. */
export const REPORT: CommandInfo<typeof GROUPS> = {
  name: "report",
  summary: "draw a page about a run or a model: learning curves, reliability, slices, importance, diagnosis",
  options: GROUPS,
  notes: [
    "The page is one file that needs no network. Without --data it has what the run and the model's parameters tell.",
    "The data must be rows that the model was not trained on. The first use fetches the library that draws, 4 MB.",
  ],
  examples: [
    "report runs/deepfm --data test.csv --by device,hour --importance",
    "report --model-file deepfm.weft --data test.csv --out report.html",
    "report runs/deepfm --json",
  ],
};

type Given = Options<
  { [T in keyof typeof GROUPS]: keyof typeof GROUPS[T] & string }[keyof typeof GROUPS]
>;

/** Runs `weft report`. */
export async function report(args: readonly string[], streams: Streams): Promise<number> {
  // A folder in front needs no option, as it is what the command is about.
  const named = args.length > 0 && !args[0].startsWith("-") ? ["--run", ...args] : args;
  const options = parseOptions(REPORT, named);
  const folder = options.text("run");
  const path = options.text("model-file") ?? (folder === undefined ? undefined : `${folder}/${RUN_FILES.model}`);
  if (path === undefined) return options.refuse('option "--run" or "--model-file" is missing');
  options.require("importance", ["repeats", "max-rows"]);
  options.require("describe", ["rank"]);
  options.exclude("json", ["out"]);
  const out = options.text("out") ?? (folder === undefined ? "report.html" : `${folder}/report.html`);
  if (!options.has("json")) await requireWritable(out);
  const run = folder === undefined ? undefined : await readRun(folder);
  const collected = await collect(options, path, run, streams);
  if (options.has("json")) streams.out(JSON.stringify(collected, null, 2));
  else {
    await writeWhole(out, [await renderReport(collected)]);
    streams.err(`Wrote ${out}`);
  }
  return 0;
}

async function collect(
  options: Given,
  path: string,
  run: RecordedRun | undefined,
  streams: Streams,
): Promise<Report> {
  const files = filesOf(options);
  const needsData = files.length > 0
    ? undefined
    : (["by", "importance", "inspect-rows", "resamples"] as const).find((name) => options.has(name));
  if (needsData) options.refuse(`option "--${needsData}" needs "--data"`);
  const format = { ...await readDataFormat(options), ...readRejections(options) };
  const batchSize = options.integer("batch-size", 1);
  const importance = options.has("importance") && {
    repeats: options.integer("repeats", 1),
    maxRows: options.integer("max-rows", 1),
  };
  const asked = {
    batchSize,
    importance,
    by: options.list("by"),
    resamples: options.integer("resamples", 0),
    inspectRows: options.integer("inspect-rows", 1),
    seed: options.integer("seed", 0),
    title: options.text("title") ?? run?.folder.replace(/\/+$/, ""),
  };
  const trainingFiles = options.texts("training-data");
  const described = options.has("describe") ? await filesToDescribe(options, trainingFiles, files, format) : undefined;
  const tuning = readTuning(options);
  using gpu = await openGpu(streams, readBackend(options));
  await applyTuning(gpu, tuning, streams);
  await using model = await loadModel(path, gpu, streams);
  const data = files.length > 0 ? await readData(files, model.schema, format, streams) : undefined;
  // The result is the page or its JSON alone.
  if (data) reportData(data, { ...streams, out: streams.err });
  const training = trainingFiles.length > 0 ? await readData(trainingFiles, model.schema, format, streams) : undefined;
  const { database: _, ...reading } = format;
  const { missing } = model.schema;
  return await collectReport(model, {
    ...asked,
    ...(run && { run }),
    ...(described &&
      {
        description: await describe(described, model.schema.declared(), {
          ...reading,
          missing,
          rank: readRank(options),
        }),
      }),
    ...(data && { data, dataName: options.text("sql") ?? files.join(", ") }),
    ...(training && { counts: countRows(training) }),
  });
}

/** Returns the files that are described: those of the training, or else those of the report. */
async function filesToDescribe(
  options: Given,
  training: readonly string[],
  files: readonly string[],
  format: DataFormat,
): Promise<readonly string[]> {
  const described = training.length > 0 ? training : files;
  if (described.length === 0) options.refuse('option "--describe" needs "--training-data" or "--data"');
  await requireDescribable(options, described, format, described === files && options.has("sql"));
  return described;
}
