/**
 * `weft demo`: DeepFM on the Bank Marketing data.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { deepfm } from "../../models/deepfm.ts";
import type { Dataset } from "../data/dataset.ts";
import { categorical, numeric, type Schema } from "../data/schema.ts";
import { keepTexts } from "../data/kept_texts.ts";
import { refitSplit } from "../data/refit.ts";
import { adam } from "../optimizer.ts";
import { readData } from "./data.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import { type Run, runTraining } from "./run.ts";
import type { Streams } from "./streams.ts";

const GROUPS = {
  "Output": { out: { value: "FILE", help: "the trained model (default bank.weft)" } },
} as const;

/** Describes `weft demo`. */
export const DEMO: CommandInfo<typeof GROUPS> = {
  name: "demo",
  summary: "train DeepFM on 41,188 phone calls of a bank, within about a minute",
  options: GROUPS,
  examples: ["demo"],
};

const NAMES = "job marital education default housing loan contact month day_of_week poutcome previous pdays".split(" ");

/**
 * What is known before a call, so without its duration. Days since the last contact and the number of contacts before
 * are names, because 999 days mean never. The five economic indices are left out: they
 * have a few values each in the training rows, which only date them, and others in the test rows.
 */
const SCHEMA: Schema = {
  label: "y",
  positive: "yes",
  negative: "no",
  features: [
    ...NAMES.map((name) => categorical(name, { minCount: 10 })),
    numeric("age", { buckets: 12 }),
    numeric("campaign", { buckets: 6 }),
  ],
};

const INTRODUCTION =
  `Bank Marketing: 41,188 calls of a Portuguese bank in the order of their dates, 2008 to 2010; did the client subscribe?
The first 70 % train, the next 10 % validate, the last 20 % test. "unknown" is a missing value.
S. Moro, P. Cortez, P. Rita: Decision Support Systems 62, 2014; UCI Machine Learning Repository, CC BY 4.0.
`;

/** Runs `weft demo`. */
export async function demo(args: readonly string[], streams: Streams): Promise<number> {
  const started = performance.now();
  const options = parseOptions(DEMO, args);
  const out = options.text("out") ?? "bank.weft";
  const file = locate();
  streams.err(INTRODUCTION);
  const whole = await readData([file], keepTexts(SCHEMA), { delimiter: ";", missing: ["", "unknown"] }, streams);
  const [training, validation, test] = refitSplit(whole, SCHEMA, [0.7, 0.1, 0.2], { by: "position" });
  const run: Run = {
    definition: deepfm({ dim: 8, hidden: [64, 32], dropout: 0.2 }),
    training,
    validation,
    test,
    seed: 1,
    out,
    fit: {
      epochs: 12,
      batchSize: 512,
      optimizer: adam({ lr: 5e-4 }),
      l2: { embedding: 1e-3, net: 1e-3 },
      earlyStopping: { monitor: "auc", patience: 3 },
      // The test rows are of years with far more subscribers, and with values that few training rows have: what a start
      // at the rate of the training rows says about such values is too low.
      initialBias: "keep",
    },
  };
  const code = await runTraining(run, streams);
  if (code === 0) streams.out(describeEnd(run, file, (performance.now() - started) / 1000));
  return code;
}

/** Returns the path of the bundled data, or their address when Weft is used from one. */
function locate(): string {
  const url = import.meta.resolve("../../bench/data/bank-additional-full.csv.gz");
  return url.startsWith("file:") ? relative(Deno.cwd(), fileURLToPath(url)) : url;
}

function describeEnd({ training, test, out }: Run, file: string, seconds: number): string {
  const share = ({ positives, rows }: Dataset): string => `${((100 * positives) / rows).toFixed(1)} %`;
  const program = import.meta.resolve("../cli.ts");
  const command = program.startsWith("file:") ? "npx -y deno@2.9.6 task" : `deno run -A ${program}`;
  return `
The test probabilities are too low because "yes" became more frequent over the years: ${
    share(training)
  } of the training rows,
${share(test!)} of the test rows. Their order is what the model can know in advance; their level needs recent calls.

Wall time ${seconds.toFixed(1)} s. To predict with the model:
  ${command} predict --model-file ${out} --data ${file} --out predictions.csv`;
}
