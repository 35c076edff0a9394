/**
 * The same DeepFM training step in Weft, jax-js and TensorFlow.js, on the same adapter in the same run.
 *
 *     deno run -A bench/peers.ts [--quick] [--seconds 8] [--hidden 64-32] [--json FILE] [--write]
 *
 * All start from the same parameters and see the same batches; their first losses must agree. Peers run in processes
 * of their own, one after the other: their packages are downloaded on first use, and stay out of Weft's lock file.
 *
 * @module
 */
import { deepfm } from "../models/mod.ts";
import { requestAdapter } from "../src/adapter.ts";
import { Gpu } from "../src/gpu/device.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { Model } from "../src/model.ts";
import { adam, type EmbeddingUpdate } from "../src/optimizer.ts";
import { parseArgs } from "../src/std.ts";
import {
  FIRST_STEPS,
  LEARNING_RATE,
  makeProblem,
  type PeerResult,
  type Problem,
  type ProblemOptions,
} from "./peers/problem.ts";
import { formatMs, formatTable, slugOf } from "./report.ts";
import { timingOf } from "./timing.ts";
import { timeSteps } from "./training_bench.ts";

/** Largest relative difference of two frameworks' losses. */
const TOLERANCE = 1e-4;

/** Rows at which the targets hold. */
const FULL_ROWS = 1_000_000;

/** What Weft's step must be as fast as, as a multiple of jax-js's speed, by hidden layers and update. */
const TARGETS: Readonly<Record<string, Readonly<Record<EmbeddingUpdate, number>>>> = {
  "400-400-400": { lazy: 4, dense: 1 },
  "64-32": { lazy: 5, dense: 1 },
};

/** Trains in Weft: the losses of the first batches, then the time of a step. */
async function runWeft(gpu: Gpu, problem: Problem, update: EmbeddingUpdate): Promise<PeerResult> {
  const { options: { batch, dim, hidden, seconds }, data, parameters } = problem;
  const optimizer = adam({ lr: LEARNING_RATE, embeddingUpdate: update });
  await using model = await Model.create(deepfm({ dim, hidden }), data.schema, { seed: 1, device: gpu });
  const losses: number[] = [];
  for (let steps = 1, before = 0; steps <= FIRST_STEPS; steps++) {
    model.setParameters(parameters);
    const history = await model.fit(data.slice(0, steps * batch), {
      batchSize: batch,
      optimizer,
      shuffle: false,
      initialBias: "keep",
      unseenShare: 0,
    });
    const sum = steps * history.epochs[0].loss;
    losses.push(sum - before);
    before = sum;
  }
  model.setParameters(parameters);
  const { ms, spread } = await timeSteps(model, data, { batch, optimizer, seconds });
  return { name: `Weft, ${update} Adam`, adapter: gpu.adapter.description, losses, stepMs: [spread[0], ms, spread[1]] };
}

/** Runs a peer's program and returns what it measured. */
async function runPeer(file: string, options: ProblemOptions): Promise<PeerResult> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", new URL(`peers/${file}`, import.meta.url).href, JSON.stringify(options)],
    // Without a value, the search for drivers complains on stderr about a desktop that is not there.
    env: { XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/nonexistent" },
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot run bench/peers/${file}: see its message above`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

/**
 * Refuses losses that differ. Lazy Adam is another algorithm from the third step on, when a row that is absent from a
 * batch for the first time would still move by momentum, so only its first two losses count.
 */
function requireSame(results: readonly PeerResult[], reference: PeerResult): void {
  for (const { name, adapter, losses } of results) {
    if (adapter !== reference.adapter) {
      throw new Error(`Cannot compare: ${name} must run on ${reference.adapter}, received ${adapter}`);
    }
    const compared = name.includes("lazy") ? 2 : FIRST_STEPS;
    for (let step = 0; step < compared; step++) {
      const [expected, actual] = [reference.losses[step], losses[step]];
      if (!(Math.abs(actual - expected) <= TOLERANCE * expected)) {
        throw new RangeError(`Cannot compare: loss ${step + 1} of ${name} must be ${expected}, received ${actual}`);
      }
    }
  }
}

/** A problem's results, Weft's first. */
interface Comparison {
  readonly options: ProblemOptions;
  readonly results: readonly PeerResult[];
}

async function compare(gpu: Gpu, options: ProblemOptions): Promise<Comparison> {
  const problem = makeProblem(options);
  const results = [await runWeft(gpu, problem, "lazy"), await runWeft(gpu, problem, "dense")];
  for (const file of ["jax.ts", "tfjs.ts"]) results.push(await runPeer(file, options));
  requireSame(results, results[1]);
  return { options, results };
}

function formatComparison({ options: { fields, rows, dim, batch, hidden }, results }: Comparison): string {
  const [lazy, dense, jax] = results.map(({ stepMs }) => timingOf(stepMs));
  const cells = results.map(({ name, losses, stepMs }) => {
    const { ms, spread } = timingOf(stepMs);
    const ratio = (other: number): string => `${(ms / other).toFixed(2)}x`;
    return [
      name,
      formatMs(ms),
      spread.map(formatMs).join(" - "),
      ratio(lazy.ms),
      ratio(dense.ms),
      losses.map((loss) => loss.toFixed(6)).join(" "),
    ];
  });
  const title = `DeepFM, ${fields} fields, ${rows.toLocaleString("en")} rows, dim ${dim}, batch ${batch}, MLP ${
    hidden.join("-")
  }`;
  const header = ["framework", "ms per step", "range", "of Weft lazy", "of Weft dense", "first losses"];
  const target = rows < FULL_ROWS ? undefined : TARGETS[hidden.join("-")];
  const verdict = target && ([["lazy", lazy], ["dense", dense]] as const).map(([update, { ms }]) => {
    const ratio = jax.ms / ms;
    return `with ${update} Adam ${ratio.toFixed(2)}x as fast as jax-js (${
      ratio >= target[update] ? "" : "MISSES "
    }target ${target[update]}x)`;
  });
  return [
    `## ${title}`,
    "",
    formatTable(header, cells, [1, 2, 3, 4]),
    ...(verdict ? ["", `Weft ${verdict.join(", ")}.`] : []),
  ]
    .join("\n");
}

async function main(): Promise<void> {
  const args = parseArgs(Deno.args, {
    boolean: ["quick", "write"],
    string: ["seconds", "json", "hidden"],
    unknown: (argument) => {
      throw new RangeError(`Cannot run: options are --quick --seconds --hidden --json --write, received "${argument}"`);
    },
  });
  const { adapter, description } = await requestAdapter({ announce: (line) => console.error(line) });
  const shape = args.quick
    ? { fields: 5, rows: 10_000, dim: 8, batch: 256, seconds: 0 }
    : { fields: 39, rows: FULL_ROWS, dim: 16, batch: 4096, seconds: 8 };
  const seconds = args.seconds === undefined ? shape.seconds : Number(args.seconds);
  const networks = args.hidden
    ? [args.hidden.split("-").map(Number)]
    : args.quick
    ? [[64, 32]]
    : [[400, 400, 400], [64, 32]];
  const head = `# DeepFM's training step beside jax-js and TensorFlow.js\n\n${description}, Deno ${Deno.version.deno}`;
  console.log(head);
  const comparisons: Comparison[] = [];
  using gpu = await Gpu.request(adapter);
  await loadKernels(gpu);
  for (const hidden of networks) {
    const comparison = await compare(gpu, { ...shape, hidden, seconds });
    console.log(`\n${formatComparison(comparison)}`);
    comparisons.push(comparison);
  }
  if (args.json) {
    Deno.writeTextFileSync(args.json, `${JSON.stringify({ adapter: description, comparisons }, null, 2)}\n`);
  }
  if (args.write) {
    const text = [head, ...comparisons.map(formatComparison)].join("\n\n");
    Deno.writeTextFileSync(`${import.meta.dirname}/results/peers-${slugOf(gpu.adapter.description)}.md`, `${text}\n`);
  }
}

if (import.meta.main) await main();
