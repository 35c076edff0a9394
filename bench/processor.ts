/**
 * Times forward passes over few rows on the device and on the processor, in one run.
 *
 *     deno run -A bench/processor.ts [--rows 1,8,64] [--repeats 50] [--models deepfm,din]
 *
 * Criteo's shape: 39 fields, width 16, MLP 400-400-400, but 200,000 rows of embeddings; FFM has width 4, DIN a history of 50
 * items besides. All parameters are random. The scores of both are compared before anything is timed, and the two take
 * turns, so that other work on the machine delays both.
 *
 * @module
 */
import { autoint, dcn, dcnv2, deepfm, din, dnn, ffm, fibinet, fm, lr, Model, wideDeep, xdeepfm } from "../mod.ts";
import { Dataset } from "../src/data/dataset.ts";
import { FittedSchema } from "../src/data/fitted_schema.ts";
import { randomUnit } from "../src/data/random.ts";
import { sequence } from "../src/data/sequence.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import type { Definition } from "../src/definition.ts";
import { parseArgs } from "../src/std.ts";
import { type BenchRow, formatMs, formatTable } from "./report.ts";
import { timingOf } from "./timing.ts";

const FIELDS = 39;
const TABLE_ROWS = 200_000;
const PLACES = 50;

const sizes = { dim: 16, hidden: [400, 400, 400] };

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  lr: lr(),
  fm: fm({ dim: 16 }),
  ffm: ffm({ dim: 4 }),
  deepfm: deepfm(sizes),
  wide_deep: wideDeep(sizes),
  dnn: dnn(sizes),
  dcn: dcn({ ...sizes, layers: 3 }),
  dcnv2: dcnv2({ ...sizes, layers: 3 }),
  autoint: autoint({ dim: 16, layers: 2, heads: 2, width: 16, hidden: sizes.hidden }),
  xdeepfm: xdeepfm({ ...sizes, cin: [128, 128] }),
  fibinet: fibinet(sizes),
  din: din(sizes),
};

/** Adds a history of values of the first field to rows; all are as long as can be. */
function withHistory({ schema: { label, missing, fields }, rows, ids, labels }: Dataset): Dataset {
  const feature = sequence("history", { of: fields[0].name, maxLength: PLACES });
  const kept = fields.map(({ feature, vocabulary, missing }) => ({ feature, vocabulary, missing }));
  const schema = new FittedSchema({ declared: { label }, missing, fields: kept, sequences: [{ feature }] });
  const offsets = Uint32Array.from({ length: rows + 1 }, (_, r) => PLACES * r);
  const items = Uint32Array.from({ length: PLACES * rows }, (_, i) => Math.floor(fields[0].rows * randomUnit(1, 2, i)));
  const values = undefined;
  return new Dataset({ schema, rows, ids, values, histories: [{ offsets, ids: items }], labels, labeled: true });
}

/** Gives all parameters random numbers, so that scores differ from row to row. */
async function randomize(model: Model): Promise<void> {
  const tensors = await model.parameters();
  Object.entries(tensors).forEach(([name, tensor], t) => {
    const isVariance = /(^|\.)variance$/.test(name);
    tensor.data = Float32Array.from(tensor.data as Float32Array, (_, i) => {
      return isVariance ? 1 : 0.2 * randomUnit(1, t, i) - 0.1;
    });
  });
  model.setParameters(tensors);
}

/** Compares both ways over the rows, then times them in turns. */
async function timeModel(
  name: string,
  data: Dataset,
  batches: readonly number[],
  repeats: number,
): Promise<BenchRow[]> {
  await using model = await Model.create(DEFINITIONS[name], data.schema, { seed: 1 });
  await randomize(model);
  await using device = await model.scorer({ batchSizes: batches, processor: "never" });
  await using processor = await model.scorer({ batchSizes: batches, processor: "always" });
  const rows: BenchRow[] = [];
  for (const batch of batches) {
    const part = data.slice(0, batch);
    const [wanted, received] = [await device.score(part), await processor.score(part)];
    wanted.probabilities.forEach((score, row) => {
      const off = Math.abs(received.probabilities[row] - score);
      if (!(off <= 1e-6)) throw new Error(`${name}: row ${row} of ${batch} is off by ${off}`);
    });
    const times = { device: [] as number[], processor: [] as number[] };
    for (let run = 0; run < repeats; run++) {
      for (const [way, scorer] of Object.entries({ device, processor })) {
        const start = performance.now();
        await scorer.score(part);
        times[way as keyof typeof times].push(performance.now() - start);
      }
    }
    for (const [way, all] of Object.entries(times)) rows.push({ name, shape: `${batch} ${way}`, ...timingOf(all) });
  }
  return rows;
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["rows", "repeats", "models"] });
  const batches = String(options.rows ?? "1,8,64").split(",").map(Number);
  const names = options.models === undefined ? Object.keys(DEFINITIONS) : String(options.models).split(",");
  const plain = zipfDataset({ rows: Math.max(...batches), fields: FIELDS, totalRows: TABLE_ROWS, seed: 1 });
  const lines: string[][] = [];
  for (const name of names) {
    const data = name === "din" ? withHistory(plain) : plain;
    const rows = await timeModel(name, data, batches, Number(options.repeats ?? 50));
    lines.push([name, ...rows.map(({ ms }) => formatMs(ms))]);
    console.error(lines.at(-1)!.join("  "));
  }
  const header = ["model", ...batches.flatMap((batch) => [`${batch} device`, `${batch} processor`])];
  console.log(formatTable(header, lines, header.map((_, i) => i).slice(1)));
  Deno.exit(0);
}
