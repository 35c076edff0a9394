/**
 * Times a training step of each model, and names its dearest kernels: where a model is slow, it shows which.
 *
 *     deno run -A bench/zoo.ts [--models din,bst] [--batch 4096] [--fields 39] [--rows 25000] [--kernels 5] [--write]
 *
 * Fields have `--rows` values each; embeddings are 16 wide, a deep network has layers of 400-400-400 where a model has one,
 * and each model's own options hold otherwise. Models with histories read two sequences of 50 values, all there, and a
 * quarter of the batch. A step's time is the slope between epochs of few and of many steps, so that the wait at an epoch's
 * end is not in it. --write keeps the table under bench/results/.
 *
 * @module
 */
import { adam, categorical, Dataset, type Feature, type FittedSchema, Model, readRows, sequence } from "../mod.ts";
import { models } from "../models/mod.ts";
import { requestAdapter } from "../src/adapter.ts";
import { randomU32 } from "../src/data/random.ts";
import { Gpu } from "../src/gpu/device.ts";
import { Profiler } from "../src/gpu/profiler.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { parseArgs } from "../src/std.ts";
import { formatMs, formatTable, slugOf } from "./report.ts";

/** Values of a history. */
const PLACES = 50;

/** Batches of a short epoch; a long one goes round them until it takes so many ms, of which the wait takes some 11. */
const BATCHES = 4;
const LONG_MS = 300;
const WAIT_MS = 11;

const deep = { dim: 16, hidden: [400, 400, 400] };

/** Options of models that take others. */
const OPTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  lr: {},
  pepnet: { ...deep, domain: ["C1"], prior: ["C3", "C4"] },
  m2m: { ...deep, domain: ["C1"] },
};

const SEVERAL_TASKS = new Set(["shared_bottom", "mmoe", "ple", "esmm", "aitm", "pepnet", "m2m"]);
const WITH_HISTORY = new Set([
  ...[
    "dien",
    "din",
    "bst",
    "transact",
    "hstu",
    "dmin",
    "dmr",
    "sim",
    "sdim",
    "eta",
    "twin",
    "qin",
    "onetrans",
    "longer",
  ],
  ...["mirrn", "dsin", "dmf"],
]);

/** Models whose labels are of another kind. */
const LEFT_OUT = new Set(["survival"]);

/** Sizes of the data. */
interface Sizes {
  readonly fields: number;
  readonly rows: number;
  readonly batch: number;
}

/** Fits a schema to rows with all values. */
function fitSchema({ fields, rows }: Sizes, labels: readonly string[], hasHistory: boolean): FittedSchema {
  const names = Array.from({ length: fields }, (_, f) => `C${f + 1}`);
  const features: Feature[] = names.map((name) => categorical(name));
  if (hasHistory) {
    features.push(sequence("items", { of: "C1", maxLength: PLACES }));
    features.push(sequence("categories", { of: "C2", along: "items", maxLength: PLACES }));
  }
  const seen = Array.from({ length: rows }, (_, row) => ({
    ...Object.fromEntries(names.map((name) => [name, `${row}`])),
    ...Object.fromEntries(labels.map((label) => [label, row % 2])),
  }));
  const [label] = labels;
  return readRows(seen, { ...(labels.length > 1 ? { labels: [...labels] } : { label }), features }).schema;
}

/** Draws rows whose histories are full. */
function drawRows(schema: FittedSchema, rows: number): Dataset {
  const draw = (f: number, seed: number): number => {
    const { offset, rows: size } = schema.fields[f];
    return offset + 1 + seed % (size - 1);
  };
  const histories = schema.histories.map(({ sequences }) => ({
    offsets: Uint32Array.from({ length: rows + 1 }, (_, row) => row * PLACES),
    ids: Uint32Array.from({ length: sequences.length * rows * PLACES }, (_, at) => {
      return draw(sequences[at % sequences.length].target!, randomU32(2, at));
    }),
  }));
  return new Dataset({
    schema,
    rows,
    ids: Uint32Array.from({ length: schema.fields.length * rows }, (_, at) => {
      return draw(Math.floor(at / rows), randomU32(1, at));
    }),
    values: undefined,
    histories,
    labels: Float32Array.from({ length: schema.tasks.length * rows }, (_, at) => randomU32(3, at) % 2),
    labeled: true,
  });
}

/** Returns the shortest epoch of several in ms, the first one left out. */
async function epochMs(model: Model, data: Dataset, batchSize: number): Promise<number> {
  const times: number[] = [];
  const onEpoch = ({ seconds }: { readonly seconds: number }) => void times.push(1000 * seconds);
  await model.fit(data, { epochs: 4, batchSize, optimizer: adam(), shuffle: false, seed: 1, onEpoch });
  return Math.min(...times.slice(1));
}

/** Times the step of a model and lists its dearest kernels. */
async function timeModel(gpu: Gpu, slug: string, data: Dataset, batch: number, most: number): Promise<string[]> {
  const definition = models[slug](OPTIONS[slug] ?? deep);
  await using model = await Model.create(definition, data.schema, { device: gpu, seed: 1 });
  const short = await epochMs(model, data, batch);
  const rounds = Math.min(100, Math.max(2, Math.ceil(LONG_MS / Math.max(1, short - WAIT_MS))));
  const long = data.select(Uint32Array.from({ length: rounds * data.rows }, (_, i) => i % data.rows));
  const ms = (await epochMs(model, long, batch) - short) / (BATCHES * (rounds - 1));
  using profiler = new Profiler(gpu, { traceEvents: 0 });
  await model.fit(data, { epochs: 2, batchSize: batch, optimizer: adam(), shuffle: false, seed: 1, profiler });
  const steps = 2 * BATCHES;
  const times = await profiler.report();
  const kernels = times.slice(0, most).map(({ label, calls, totalMs }) => {
    return `${label}${calls > steps ? ` x ${calls / steps}` : ""} ${(1000 * totalMs / steps).toFixed(0)}`;
  });
  const all = times.reduce((sum, { totalMs }) => sum + totalMs, 0) / steps;
  return [`\`${slug}\``, `${batch}`, formatMs(ms), formatMs(all), kernels.join(", ")];
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, {
    string: ["models", "batch", "fields", "rows", "kernels"],
    boolean: ["write"],
  });
  const [batch, fields, rows, kernels] = [
    ...[options.batch ?? 4096, options.fields ?? 39],
    ...[options.rows ?? 25_000, options.kernels ?? 5],
  ].map(Number);
  const slugs = options.models?.split(",") ?? Object.keys(models).filter((slug) => !LEFT_OUT.has(slug));
  const { adapter, description } = await requestAdapter();
  const gpu = await Gpu.request(adapter);
  await loadKernels(gpu);
  const known = new Map<string, Dataset>();
  const dataOf = (slug: string): Dataset => {
    const hasHistory = WITH_HISTORY.has(slug);
    const labels = SEVERAL_TASKS.has(slug) ? ["click", "buy"] : ["click"];
    const key = `${hasHistory} ${labels}`;
    const sizes = { fields, rows, batch: hasHistory ? batch / 4 : batch };
    const data = known.get(key) ?? drawRows(fitSchema(sizes, labels, hasHistory), BATCHES * sizes.batch);
    known.set(key, data);
    return data;
  };
  const header = ["model", "batch", "ms a step", "ms of kernels", "the dearest, us a step"];
  const lines: string[][] = [];
  for (const slug of slugs) {
    const data = dataOf(slug);
    try {
      lines.push(await timeModel(gpu, slug, data, data.rows / BATCHES, kernels));
    } catch (error) {
      lines.push([`\`${slug}\``, `${data.rows / BATCHES}`, "", "", `failed: ${(error as Error).message}`]);
      Deno.exitCode = 1;
    }
    console.error(lines.at(-1)!.join(" | "));
  }
  const table = formatTable(header, lines, [1, 2, 3]);
  console.log(table);
  if (options.write) {
    const page = `# A training step of each model, ${description}\n\n` +
      `\`bench/zoo.ts\`: ${fields} fields of ${rows} values, width 16, lazy Adam; histories of ${PLACES} items.\n\n${table}\n`;
    await Deno.writeTextFile(new URL(`results/zoo-${slugOf(description)}.md`, import.meta.url), page);
  }
  gpu.destroy();
}
