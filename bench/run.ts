/**
 * All benches: what the device reaches at best, every kernel verified then timed, and full training steps.
 *
 *     deno task bench [--filter NAME] [--quick] [--seconds 6] [--json FILE] [--write]
 *
 * NAME picks benches whose name contains it: matmul, embedding, optimizer, layer, training.
 *
 * @module
 */
import { requestAdapter } from "../src/adapter.ts";
import { Gpu } from "../src/gpu/device.ts";
import { parseArgs } from "../src/std.ts";
import { measureCeilings } from "./ceiling.ts";
import { embeddingBench } from "./embedding_bench.ts";
import { layerBench } from "./layer_bench.ts";
import { matmulBench } from "./matmul_bench.ts";
import { optimizerBench } from "./optimizer_bench.ts";
import { type BenchRow, formatRows, slugOf, withCeilings } from "./report.ts";
import { trainingBench, type TrainingBenchOptions } from "./training_bench.ts";

/** A group of measurements with its heading. */
interface Section {
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

const BENCHES: Readonly<Record<string, (gpu: Gpu, options: TrainingBenchOptions) => Promise<BenchRow[]>>> = {
  matmul: matmulBench,
  embedding: embeddingBench,
  optimizer: optimizerBench,
  layer: layerBench,
  training: trainingBench,
};

function format({ title, rows }: Section): string {
  return `## ${title}\n\n${formatRows(rows)}`;
}

async function main(): Promise<void> {
  const args = parseArgs(Deno.args, {
    boolean: ["quick", "write"],
    string: ["filter", "json", "seconds"],
    unknown: (argument) => {
      throw new RangeError(`Cannot run: options are --filter --quick --seconds --json --write, received "${argument}"`);
    },
  });
  const chosen = Object.keys(BENCHES).filter((name) => name.includes(args.filter ?? ""));
  if (chosen.length === 0) {
    throw new RangeError(`Cannot run: benches are ${Object.keys(BENCHES).join(", ")}, received "${args.filter}"`);
  }
  const seconds = args.seconds === undefined ? undefined : Number(args.seconds);
  const { adapter, description } = await requestAdapter({ announce: (line) => console.error(line) });
  using gpu = await Gpu.request(adapter);
  const head = `# ${description}

Deno ${Deno.version.deno}, ${Deno.build.target}, ${navigator.hardwareConcurrency} processors. Times are medians of the repeats,
"range" the quickest and the slowest; GB/s counts the bytes that must be moved, not those that a kernel happens to read.
"Of ceiling" is the larger share of the copy bandwidth and of the multiply-add rate measured first.`;
  console.log(head);
  const sections: Section[] = [];
  const report = (section: Section): void => {
    sections.push(section);
    console.log(`\n${format(section)}`);
  };
  const { ceilings, rows } = await measureCeilings(gpu);
  report({ title: "ceilings", rows });
  for (const name of chosen) {
    const measured = await BENCHES[name](gpu, { quick: args.quick, seconds });
    report({ title: name, rows: withCeilings(measured, ceilings) });
  }
  if (args.json) {
    const record = { adapter: description, deno: Deno.version.deno, ceilings, sections };
    Deno.writeTextFileSync(args.json, `${JSON.stringify(record, null, 2)}\n`);
  }
  if (args.write) {
    const path = `${import.meta.dirname}/results/${slugOf(gpu.adapter.description)}.md`;
    Deno.writeTextFileSync(path, `${[head, ...sections.map(format)].join("\n\n")}\n`);
    console.log(`\nwritten to ${path}`);
  }
}

if (import.meta.main) await main();
