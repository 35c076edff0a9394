/**
 * Training steps of DIN, BST and SDIM over full histories of 50 and of 1,000 items, beside the same models in PyTorch.
 *
 *     deno run -A bench/history_models.ts [--python python3] [--seconds 4] [--models din,bst] [--profile]
 *         [--ways eager,compile,graph] [--write]
 *
 * Users, items and categories have 10,000, 100,000 and 1,000 rows of width 16, perceptrons 128 and 64 units; DIN's unit has
 * 64, BST a layer of 2 heads, SDIM 48 hashes of 3 bits and 2 heads over the 50 newest items. Adam updates the rows of a
 * batch alone. PyTorch runs after Weft, as a process of --python; without PyTorch there, its figures are missing. On a GPU
 * it also runs compiled, and as one CUDA graph, then with an Adam over all rows; the fastest way is named. --profile tells
 * the kernels of a step instead.
 *
 * @module
 */
import { adam, bst, categorical, Dataset, type Definition, din, Model, readRows, sdim, sequence } from "../mod.ts";
import { requestAdapter } from "../src/adapter.ts";
import { randomU32 } from "../src/data/random.ts";
import { Gpu } from "../src/gpu/device.ts";
import { Profiler } from "../src/gpu/profiler.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { parseArgs } from "../src/std.ts";
import { formatMs, formatTable, slugOf } from "./report.ts";

/** Rows of the tables of users, items and categories. */
const ROWS = [10_000, 100_000, 1_000] as const;
const DIM = 16;
/** Items of a history, rows of a batch, and batches that training goes round. */
const HISTORIES = [{ places: 50, batch: 1024, batches: 8 }, { places: 1000, batch: 64, batches: 2 }];
/** Milliseconds of an epoch at least: it ends with a wait of some 10 ms. */
const EPOCH_MS = 500;
const common = { dim: DIM, hidden: [128, 64] };
const MODELS: Readonly<Record<string, Definition>> = {
  din: din({ ...common, activation: "relu", attentionActivation: "relu" }),
  bst: bst(common),
  sdim: sdim(common),
};

interface PeerTimes {
  readonly version: string;
  /** Name of the GPU, or how many threads. */
  readonly where: string;
  /** By model and way. */
  readonly ms: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Draws rows with full histories, encoded as if from a file whose vocabularies have all values. */
function drawRows(places: number, rows: number): Dataset {
  const features = [
    ...["user", "item", "category"].map((name) => categorical(name)),
    sequence("items", { of: "item", maxLength: places }),
    sequence("categories", { of: "category", along: "items", maxLength: places }),
  ];
  const seen = Array.from({ length: ROWS[1] }, (_, i) => ({
    ...{ click: i % 2, user: `u${i % ROWS[0]}`, item: `i${i}`, category: `c${i % ROWS[2]}` },
  }));
  const { schema } = readRows(seen, { label: "click", features });
  const field = (f: number, seed: number): number => {
    const { offset, rows: size } = schema.fields[f];
    return offset + 1 + seed % (size - 1);
  };
  return new Dataset({
    schema,
    rows,
    ids: Uint32Array.from({ length: 3 * rows }, (_, at) => field(Math.floor(at / rows), randomU32(1, at))),
    values: undefined,
    histories: [{
      offsets: Uint32Array.from({ length: rows + 1 }, (_, row) => row * places),
      ids: Uint32Array.from({ length: 2 * rows * places }, (_, at) => field(1 + at % 2, randomU32(2, at))),
    }],
    labels: Float32Array.from({ length: rows }, (_, row) => randomU32(3, row) % 2),
    labeled: true,
  });
}

/** Returns the median of the epochs' times a step in ms, the first epoch left out. */
async function timeEpochs(model: Model, data: Dataset, batch: number, seconds: number): Promise<number> {
  const times: number[] = [];
  const controller = new AbortController();
  const begin = performance.now();
  let last = begin;
  await model.fit(data, {
    ...{ epochs: 1000, batchSize: batch, optimizer: adam({ lr: 1e-3 }), seed: 1, signal: controller.signal },
    onEpoch: () => {
      const now = performance.now();
      times.push((now - last) * batch / data.rows);
      last = now;
      if (times.length > 2 && now - begin > 1000 * seconds) controller.abort();
    },
  });
  const timed = times.slice(1).sort((a, b) => a - b);
  return timed[Math.floor(timed.length / 2)];
}

/** Times epochs over the rows, as often as it takes for an epoch to be long. */
async function stepMs(
  gpu: Gpu,
  definition: Definition,
  data: Dataset,
  { batch, seconds }: { readonly batch: number; readonly seconds: number },
): Promise<number> {
  await using model = await Model.create(definition, data.schema, { device: gpu, seed: 1 });
  const first = await timeEpochs(model, data, batch, 0);
  const times = Math.ceil(EPOCH_MS / (first * data.rows / batch));
  const long = times > 1 ? data.select(Uint32Array.from({ length: times * data.rows }, (_, i) => i % data.rows)) : data;
  return await timeEpochs(model, long, batch, seconds);
}

/** Returns the kernels of a step, the dearest first. */
async function profileStep(gpu: Gpu, definition: Definition, data: Dataset, batch: number): Promise<string> {
  await using model = await Model.create(definition, data.schema, { device: gpu, seed: 1 });
  // A GPU's clock is slow until it has worked for a while.
  await timeEpochs(model, data, batch, 0.5);
  using profiler = new Profiler(gpu, { traceEvents: 0 });
  const epochs = 4;
  await model.fit(data, { epochs, batchSize: batch, optimizer: adam({ lr: 1e-3 }), seed: 1, profiler });
  const steps = epochs * data.rows / batch;
  return formatTable(
    ["kernel", "calls", "µs a step", "share", "GB/s", "GFLOP/s"],
    (await profiler.report()).map(({ label, calls, totalMs, share, gbPerSecond, gflopPerSecond }) => [
      ...[label, `${calls / steps}`, (1000 * totalMs / steps).toFixed(1), `${(100 * share).toFixed(1)} %`],
      ...[gbPerSecond, gflopPerSecond].map((rate) => rate === undefined ? "" : rate.toFixed(0)),
    ]),
    [1, 2, 3, 4, 5],
  );
}

/** Times the peer; nothing where there is no PyTorch. */
async function peerTimes(python: string, sizes: Record<string, unknown>): Promise<PeerTimes | undefined> {
  const program = new URL("peers/torch_history.py", import.meta.url).pathname;
  const command = new Deno.Command(python, { args: [program, JSON.stringify(sizes)], stderr: "piped" });
  let why: string;
  try {
    const { success, stdout, stderr } = await command.output();
    if (success) return JSON.parse(new TextDecoder().decode(stdout));
    why = new TextDecoder().decode(stderr).trim().split("\n").at(-1)!;
  } catch (error) {
    why = (error as Error).message;
  }
  console.error(`no figures of PyTorch: ${why}`);
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, {
    string: ["python", "seconds", "models", "ways"],
    boolean: ["profile", "write"],
  });
  const ways = (options.ways ?? "eager,compile,graph").split(",");
  const wanted = options.models?.split(",") ?? Object.keys(MODELS);
  const seconds = Number(options.seconds ?? 4);
  const { adapter, description } = await requestAdapter();
  const gpu = await Gpu.request(adapter);
  await loadKernels(gpu);
  const cells: string[][] = [];
  let peer: PeerTimes | undefined;
  for (const { places, batch, batches } of HISTORIES) {
    const data = drawRows(places, batches * batch);
    const own: Record<string, number> = {};
    for (const [name, definition] of Object.entries(MODELS).filter(([name]) => wanted.includes(name))) {
      if (options.profile) {
        console.log(`${name}, ${places} items, batch ${batch}\n\n${await profileStep(gpu, definition, data, batch)}\n`);
        continue;
      }
      own[name] = await stepMs(gpu, definition, data, { batch, seconds });
      console.error(`${name}, ${places} items: ${formatMs(own[name])} ms a step`);
    }
    if (options.profile) continue;
    peer = await peerTimes(options.python ?? "python3", { batch, places, rows: ROWS, dim: DIM, seconds, ways });
    for (const [name, ms] of Object.entries(own)) {
      const ways = Object.entries(peer?.ms[name] ?? {}).sort(([, a], [, b]) => a - b);
      const theirs = ways.length > 0 ? ways.map(([way, time]) => `${formatMs(time)} ${way}`).join(", ") : "";
      const ratio = ways.length > 0 ? (ways[0][1] / ms).toFixed(2) : "";
      cells.push([name, `${places}`, `${batch}`, formatMs(ms), theirs, ratio]);
    }
  }
  const name = peer ? `PyTorch ${peer.version}, ${peer.where}, ms` : "PyTorch (missing)";
  const table = formatTable(["model", "items", "batch", "Weft, ms a step", name, "times as fast"], cells, [
    1,
    2,
    3,
    4,
    5,
  ]);
  if (!options.profile) console.log(table);
  if (options.write && !options.profile) {
    const path = new URL(`results/history-models-${slugOf(description)}.md`, import.meta.url);
    const page = `# Models with histories beside PyTorch, ${description}\n\n` +
      "`bench/history_models.ts`: full histories, Adam on the rows of a batch. Medians of training steps.\n\n" +
      `${table}\n`;
    await Deno.writeTextFile(path, page);
  }
  gpu.destroy();
}
