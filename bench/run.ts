/**
 * All benches: what the device reaches at best, every kernel verified then timed, and full training steps.
 *
 *     deno task bench [--filter NAME] [--quick] [--seconds 6] [--json FILE] [--write]
 *
 * NAME picks benches whose name contains it, and training steps of models whose slug does. A bench named `x` is a file
 * `x_bench.ts` in this folder that exports `xBench`.
 *
 * @module
 */
import { requestAdapter } from "../src/adapter.ts";
import { Gpu } from "../src/gpu/device.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { parseArgs } from "../src/std.ts";
import { measureCeilings } from "./ceiling.ts";
import { type BenchRow, formatRows, slugOf, withCeilings } from "./report.ts";
import { type TrainingBenchOptions, trainingModels } from "./training_bench.ts";

/** A group of measurements with its heading. */
interface Section {
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

/** A bench: verifies, then times. */
type Bench = (gpu: Gpu, options: TrainingBenchOptions) => Promise<BenchRow[]>;

/** A bench to run, with the models that its training steps are limited to. */
interface Choice {
  readonly name: string;
  readonly models?: readonly string[];
}

const SUFFIX = "_bench.ts";
const TRAINING = "training";

/** Returns the names of the benches in this folder; training steps come last. */
function benchNames(): string[] {
  const files = [...Deno.readDirSync(import.meta.dirname!)].map(({ name }) => name);
  const names = files.filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length));
  return [...names.filter((name) => name !== TRAINING).sort(), TRAINING];
}

async function loadBench(name: string): Promise<Bench> {
  const bench = `${name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())}Bench`;
  const file = `./${name}${SUFFIX}`;
  const module: Record<string, Bench | undefined> = await import(import.meta.resolve(file));
  const run = module[bench];
  if (!run) throw new TypeError(`Cannot run ${file}: it must export ${bench}, received ${Object.keys(module)}`);
  return run;
}

function chooseBenches(filter: string): Choice[] {
  const names = benchNames();
  const chosen: Choice[] = names.filter((name) => name.includes(filter)).map((name) => ({ name }));
  const models = trainingModels().filter((slug) => slug.includes(filter));
  if (models.length > 0 && !TRAINING.includes(filter)) chosen.push({ name: TRAINING, models });
  if (chosen.length > 0) return chosen;
  const known = [...names, ...trainingModels()].join(", ");
  throw new RangeError(`Cannot run: benches and timed models are ${known}, received "${filter}"`);
}

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
  const chosen = chooseBenches(args.filter ?? "");
  const seconds = args.seconds === undefined ? undefined : Number(args.seconds);
  const { adapter, description } = await requestAdapter({ announce: (line) => console.error(line) });
  using gpu = await Gpu.request(adapter);
  await loadKernels(gpu);
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
  for (const { name, models } of chosen) {
    const bench = await loadBench(name);
    const measured = await bench(gpu, { quick: args.quick, seconds, models });
    report({ title: name, rows: withCeilings(measured, ceilings) });
  }
  if (args.json) {
    const record = { adapter: description, deno: Deno.version.deno, ceilings, sections };
    Deno.writeTextFileSync(args.json, `${JSON.stringify(record, null, 2)}\n`);
  }
  if (args.write) {
    const folder = `${import.meta.dirname}/results`;
    Deno.mkdirSync(folder, { recursive: true });
    const path = `${folder}/${slugOf(gpu.adapter.description)}.md`;
    Deno.writeTextFileSync(path, `${[head, ...sections.map(format)].join("\n\n")}\n`);
    console.log(`\nwritten to ${path}`);
  }
}

if (import.meta.main) await main();
