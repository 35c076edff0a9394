/**
 * `weft predict`.
 *
 * @module
 */
import { DATA_OPTIONS, readData, readFormat } from "./data.ts";
import { openGpu } from "./device.ts";
import { requireWritable, writeWhole } from "./files.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import { type Streams, writeAll } from "./streams.ts";
import { formatCount } from "./table.ts";

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model or checkpoint that train wrote" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
  },
  "Data": DATA_OPTIONS,
  "Files": {
    out: { value: "FILE", help: "CSV file to write (default predictions.csv); - for stdout" },
  },
} as const;

/** Describes `weft predict`. */
export const PREDICT: CommandInfo<typeof GROUPS> = {
  name: "predict",
  summary: "write the probability of the positive label for each row",
  options: GROUPS,
  notes: [
    "The output has a line `probability` and then one line per row, in the order of the rows. The label column may be",
    "absent. A malformed row ends the command: leaving it out would shift all lines behind it.",
  ],
  examples: [
    "predict --model-file deepfm.weft --data new.csv --out predictions.csv",
    "predict --model-file deepfm.weft --data new.csv --out - | paste -d , new.csv -",
  ],
};

/** Lines handed to the operating system at a time. */
const LINES_PER_WRITE = 4096;

/** Runs `weft predict`. */
export async function predict(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(PREDICT, args);
  const path = options.required("model-file");
  const files = options.texts("data");
  if (files.length === 0) options.refuse('option "--data" is missing');
  const format = { ...readFormat(options), labelled: false };
  const batchSize = options.integer("batch-size", 1);
  const out = options.text("out") ?? "predictions.csv";
  if (out !== "-") await requireWritable(out);
  using gpu = await openGpu(streams);
  await using model = await loadModel(path, gpu, streams);
  const data = await readData(files, model.schema, format, streams);
  const lines = formatPredictions(await model.predict(data, batchSize));
  if (out === "-") {
    for (const part of lines) writeAll(Deno.stdout, part);
  } else {
    await writeWhole(out, lines);
    streams.err(`Wrote ${formatCount(data.rows)} probabilities to ${out}`);
  }
  return 0;
}

/** Writes a CSV file of probabilities in parts; 9 digits tell any two float32 numbers apart. */
export function* formatPredictions(probabilities: Float32Array): Generator<string> {
  yield "probability\n";
  for (let first = 0; first < probabilities.length; first += LINES_PER_WRITE) {
    const part = probabilities.subarray(first, first + LINES_PER_WRITE);
    yield Array.from(part, (probability) => `${Number(probability.toPrecision(9))}\n`).join("");
  }
}
