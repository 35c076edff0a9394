/**
 * Times the variants of the kernels of training steps at Criteo's shape, and tells where the default is not the fastest.
 *
 *     deno run -A bench/tuning.ts [--models deepfm,dcnv2,autoint] [--write]
 *
 * --write keeps the tables as a page for the adapter under bench/results/. The user's own file of measured kernels is left
 * alone.
 *
 * @module
 */
import { deepfm } from "../models/mod.ts";
import { requestAdapter } from "../src/adapter.ts";
import { formatTuned } from "../src/cli/tune_kernels.ts";
import { describeTuning } from "../src/cli/tuning.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import type { Definition } from "../src/definition.ts";
import { Gpu } from "../src/gpu/device.ts";
import { Model } from "../src/model.ts";
import { parseArgs } from "../src/std.ts";
import { slugOf } from "./report.ts";
import { timedModels } from "./training_models.ts";

const SIZES = { fields: 39, dim: 16, hidden: [400, 400, 400] };
const BATCH = 4096;
const EMBEDDING_ROWS = 1_000_000;

/** Returns the models to tune by slug. */
function definitions(): Record<string, Definition> {
  const timed = Object.entries(timedModels(SIZES)).map(([slug, { definition }]) => [slug, definition]);
  return { deepfm: deepfm({ dim: SIZES.dim, hidden: SIZES.hidden }), ...Object.fromEntries(timed) };
}

/** Tunes the kernels of a model, all of them anew, and writes the table. */
async function tune(gpu: Gpu, definition: Definition, path: string): Promise<string> {
  const data = zipfDataset({ rows: BATCH, fields: SIZES.fields, totalRows: EMBEDDING_ROWS, seed: 1 });
  await using model = await Model.create(definition, data.schema, { device: gpu });
  const onTuning = (event: Parameters<typeof describeTuning>[0]): void =>
    console.error(`${definition.name}, ${describeTuning(event)}`);
  return formatTuned(await model.tuneKernels(data, { path, batchSize: BATCH, onTuning }));
}

async function main(): Promise<void> {
  const { write, models = "deepfm,dcnv2,autoint" } = parseArgs(Deno.args, { boolean: ["write"], string: ["models"] });
  const known = definitions();
  const { adapter, description } = await requestAdapter({ announce: (line) => console.error(line) });
  using gpu = await Gpu.request(adapter);
  const folder = await Deno.makeTempDir();
  const sections = [`# Kernels by time, ${description}

Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} processors. Training steps at Criteo's shape, batch ${BATCH}, lazy Adam; median ms of a kernel
in place. Variants that are far slower than the default are timed in one or two passes.`];
  for (const slug of String(models).split(",")) {
    const started = performance.now();
    const table = await tune(gpu, known[slug], `${folder}/tuning.json`);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    sections.push(`## ${slug}, tuned in ${seconds} s\n\n\`\`\`text\n${table}\n\`\`\``);
    console.log(sections.at(-1));
  }
  await Deno.remove(folder, { recursive: true });
  if (!write) return;
  const path = `${import.meta.dirname}/results/tuning-${slugOf(gpu.adapter.description)}.md`;
  await Deno.writeTextFile(path, `${sections.join("\n\n")}\n`);
  console.log(`\nwritten to ${path}`);
}

if (import.meta.main) await main();
