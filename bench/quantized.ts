/**
 * Shows what tables of fewer bits cost and gain: AUC and log loss on Frappe and on a sample of Criteo's log, bytes of the
 * tables, and rows a second.
 *
 *     deno run -A bench/quantized.ts [--frappe DIR] [--criteo FILE] [--epochs 5] [--repeats 25] [--write]
 *
 * DIR is what `bench/frappe` reads; FILE has Criteo's 40 columns without a header, in the order of time, and is split by
 * 80, 10 and 10 %. Models are trained in float32, quantized, and evaluated on the test rows; models that are not
 * trained are timed at Criteo's shape. --write keeps the page bench/results/quantized.md.
 *
 * @module
 */
import process from "node:process";
import {
  adam,
  categorical,
  type Dataset,
  deepfm,
  type Definition,
  fm,
  Gpu,
  Model,
  numeric,
  readCsvSplit,
  requestAdapter,
} from "../mod.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import { normal } from "../src/initializer.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { QUANTIZED_STORAGES } from "../src/model/quantized.ts";
import { parseArgs } from "../src/std.ts";
import { readSplits } from "./frappe/data.ts";
import { formatTable } from "./report.ts";

/** Columns of both tables. */
const COLUMNS = ["data", "model", "tables", "bytes", "of f32"];

/** Rows of a step of training. */
const BATCH = 512;

/** Rows of a turn: few, so that other work on the machine leaves some turns alone. */
const TURN = 8192;

/** Largest difference between probabilities from stored numbers and from the same ones in float32. */
const TOLERANCE = 1e-6;

/** Opens the adapter. */
async function openGpu(): Promise<Gpu> {
  const { adapter } = await requestAdapter({ announce: (line) => console.error(line) });
  const gpu = await Gpu.request(adapter);
  await loadKernels(gpu);
  return gpu;
}

interface Splits {
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

/** Reads Criteo's columns: numbers on a logarithmic scale, and categories that occur more than once. */
async function readCriteo(file: string): Promise<Splits> {
  const numbers = Array.from({ length: 13 }, (_, i) => numeric(`I${i + 1}`, { scale: "log" }));
  const categories = Array.from({ length: 26 }, (_, i) => categorical(`C${i + 1}`, { minCount: 2 }));
  const features = [...numbers, ...categories];
  const header = ["label", ...features.map(({ name }) => name)];
  const options = { header, delimiter: "\t", by: "position" as const };
  const schema = { label: "label", features };
  const [training, validation, test] = await readCsvSplit(file, schema, [0.8, 0.1, 0.1], options);
  return { training, validation, test };
}

/**
 * Returns rows a second of each model's forward pass: all take turns, forwards and backwards, and the quickest turn of each
 * counts. Where shaders run on the processor, its time is what counts, so that other work on the machine does not.
 */
async function rates(models: readonly Model[], data: Dataset, repeats: number): Promise<number[]> {
  const least = models.map(() => Infinity);
  const { software } = models[0].gpu.adapter;
  const now = (): number => {
    const { user, system } = process.cpuUsage();
    return software ? (user + system) / 1000 : performance.now();
  };
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const order = [...models.keys()];
    for (const i of repeat % 2 === 0 ? order : order.reverse()) {
      const start = now();
      await models[i].predictTasks(data);
      // The first turn compiles.
      if (repeat > 0) least[i] = Math.min(least[i], now() - start);
    }
  }
  return least.map((ms) => (1000 * data.rows) / ms);
}

const signed = (value: number): string => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(5)}`;

const percent = (part: number, whole: number, digits: number): string => `${(100 * part / whole).toFixed(digits)} %`;

/** Returns a line for each way to store a model's tables, whose predictions of some rows are checked first. */
async function linesOf(
  name: string,
  model: Model,
  data: Dataset,
  cellsOf: (all: readonly Model[]) => Promise<string[][]>,
): Promise<string[][]> {
  await using scope = new AsyncDisposableStack();
  const all = [model];
  for (const storage of QUANTIZED_STORAGES) all.push(scope.use(await model.quantize(storage)));
  for (const small of all.slice(1)) await requireAgreement(small, data);
  const cells = await cellsOf(all);
  const { name: slug, options } = model.definition;
  return all.map(({ storage, tableBytes }, i) => [
    ...[name, `${slug}, D = ${(options as { dim: number }).dim}`, storage.embedding ?? "f32"],
    ...[tableBytes.toLocaleString("en"), percent(tableBytes, model.tableBytes, 1), ...cells[i]],
  ]);
}

/** Refuses tables that give other probabilities than the numbers in them do in float32. */
async function requireAgreement(small: Model, data: Dataset): Promise<void> {
  await using plain = await Model.create(small.definition, small.schema, { device: small.gpu });
  plain.setParameters(await small.parameters());
  const [expected, predicted] = [await plain.predict(data), await small.predict(data)];
  const error = predicted.reduce((most, p, row) => Math.max(most, Math.abs(p - expected[row])), 0);
  if (error < TOLERANCE) return;
  throw new Error(
    `Cannot compare: probabilities must be within ${TOLERANCE} of float32's, received a difference of ${error}`,
  );
}

/** Trains a model, and returns its lines with AUC and log loss on the test rows. */
async function trained(
  name: string,
  definition: Definition,
  { training, validation, test }: Splits,
  gpu: Gpu,
  epochs: number,
): Promise<string[][]> {
  const options = { seed: 2021, device: gpu, embeddingInitializer: normal(0.01) };
  await using model = await Model.create(definition, training.schema, options);
  await model.fit(training, {
    ...{ validation, epochs, batchSize: BATCH, seed: 2021, clipNorm: 10 },
    optimizer: adam({ lr: 1e-3 }),
    earlyStopping: { monitor: "auc", patience: 2 },
    onEpoch: ({ epoch, validation }) =>
      console.error(`${name} ${definition.name} epoch ${epoch}: AUC ${validation!.auc.toFixed(5)}`),
  });
  return await linesOf(name, model, test, async (all) => {
    const [first, ...others] = await Promise.all(all.map((each) => each.evaluate(test)));
    return [
      [first.auc.toFixed(5), "", first.logloss.toFixed(5), ""],
      ...others.map(({ auc, logloss }) => [
        ...[auc.toFixed(5), signed(auc - first.auc)],
        ...[logloss.toFixed(5), signed(logloss - first.logloss)],
      ]),
    ];
  });
}

/** Returns the lines of a model at Criteo's shape, whose embeddings are as large as trained ones, with its rates. */
async function timed(definition: Definition, gpu: Gpu, repeats: number): Promise<string[][]> {
  const data = zipfDataset({ rows: TURN, fields: 39, totalRows: 1_000_000, seed: 1 });
  const options = { seed: 1, device: gpu, embeddingInitializer: normal(0.05) };
  await using model = await Model.create(definition, data.schema, options);
  return await linesOf("Criteo's shape", model, data, async (all) => {
    const speeds = await rates(all, data, repeats);
    return speeds.map((speed) => [Math.round(speed).toLocaleString("en"), percent(speed, speeds[0], 0)]);
  });
}

/** Writes lines under the columns of both tables and more, numbers to the right. */
function tableOf(more: readonly string[], lines: readonly string[][]): string {
  const header = [...COLUMNS, ...more];
  return formatTable(header, lines, header.map((_, i) => i).slice(3));
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["frappe", "criteo", "epochs", "repeats"], boolean: ["write"] });
  const [epochs, repeats] = [Number(options.epochs ?? 5), Number(options.repeats ?? 25)];
  using gpu = await openGpu();
  const readers: Record<string, () => Promise<Splits>> = {
    ...(options.frappe && { Frappe: () => readSplits(options.frappe!) }),
    ...(options.criteo && { "Criteo sample": () => readCriteo(options.criteo!) }),
  };
  const wide = deepfm({ dim: 16, hidden: [400, 400, 400] });
  const judged: string[][] = [];
  for (const [name, read] of Object.entries(readers)) {
    judged.push(...await trained(name, wide, await read(), gpu, epochs));
  }
  const rated: string[][] = [];
  for (const definition of [fm({ dim: 16 }), wide]) rated.push(...await timed(definition, gpu, repeats));
  const [quality, speed] = [
    tableOf(["AUC", "change", "log loss", "change"], judged),
    tableOf(["rows/s", "of f32"], rated),
  ];
  console.log(`${quality}\n\n${speed}`);
  if (options.write) {
    const about = [
      `Bytes are those of embeddings and first-order weights on the device; the latter are float16 where the table is not`,
      `float32. ${gpu.adapter.description}, Deno ${Deno.version.deno}. AUC and log loss are those of the test rows, of a`,
      `model that was trained in float32 for ${epochs} epochs of batches of ${BATCH} and then quantized.`,
    ].join("\n");
    const second = gpu.adapter.software ? "second of processor time" : "second";
    const rate = `Rows a ${second} are those of \`predict\` over ${TURN} rows, in the quickest of ${repeats} turns.`;
    const page = `# Quantized tables\n\n${about}\n\n${quality}\n\n${rate}\n\n${speed}\n`;
    await Deno.writeTextFile(new URL("results/quantized.md", import.meta.url), page);
  }
  Deno.exit(0);
}
