/**
 * Memory of a training on more rows than fit in it: a table of Criteo's shape is written, read and trained on within a
 * limit, and the memory of the process is listed over time.
 *
 * "own" is memory that only the process can give back, "files" what the system can take back at any time, as far as it is
 * mapped. The first rows are read within the limit and without, and must give the same bytes.
 *
 * ```sh
 * npx -y deno@2.9.6 run -A --no-lock bench/larger_than_memory.ts --rows 20000000 --memory 2GB
 * ```
 *
 * @module
 */
import { lr } from "../models/mod.ts";
import { formatTable } from "../src/cli/table.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { parseBytes } from "../src/data/large_arrays.ts";
import { readData } from "../src/data/read_data.ts";
import { Model } from "../src/model.ts";
import { parseArgs } from "../src/std.ts";
import { drawColumns, SCHEMA } from "./criteo_shape.ts";

/** Rows written at a time, and those that are compared with reading in memory. */
const ROWS_PER_WRITE = 20_000;
const COMPARED = 100_000;

/** Milliseconds between two looks at the memory. */
const LOOK_MS = 200;

/** Lines of the table that is printed, at most, for each phase. */
const LINES_PER_PHASE = 8;

interface Sample {
  readonly phase: string;
  readonly seconds: number;
  readonly own: number;
  readonly files: number;
}

/** Watches the memory of this process while work is done. */
class Watch {
  readonly samples: Sample[] = [];
  readonly #started = performance.now();

  /** Does a part of the work; returns what it returns and the seconds that it took. */
  async during<T>(phase: string, work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
    const started = performance.now();
    // The peak begins again at what the process has.
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
    this.look(phase);
    const timer = setInterval(() => this.look(phase), LOOK_MS);
    try {
      return { result: await work(), seconds: (performance.now() - started) / 1000 };
    } finally {
      clearInterval(timer);
      this.look(phase);
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1.024e-3;
      console.log(`${phase}: at most ${Math.round(peak).toLocaleString("en")} MB`);
    }
  }

  look(phase: string): void {
    const status = Deno.readTextFileSync("/proc/self/status");
    const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) * 1.024e-3;
    const seconds = (performance.now() - this.#started) / 1000;
    this.samples.push({
      phase,
      seconds,
      own: megabytes("RssAnon"),
      files: megabytes("RssFile") + megabytes("RssShmem"),
    });
  }

  /** Returns some of the samples of each phase, the largest among them. */
  get curve(): string[][] {
    const phases = Map.groupBy(this.samples, ({ phase }) => phase);
    return [...phases.values()].flatMap((samples) => {
      const step = Math.ceil(samples.length / LINES_PER_PHASE);
      const most = samples.reduce((a, b) => b.own + b.files > a.own + a.files ? b : a);
      return samples.filter((sample, i) => i % step === 0 || sample === most)
        .map(({ phase, seconds, own, files }) => [
          ...[phase, seconds.toFixed(1)],
          ...[own, files, own + files].map((number) => Math.round(number).toLocaleString("en")),
        ]);
    });
  }
}

async function write(path: string, rows: number): Promise<void> {
  const columns = Object.entries(drawColumns());
  const encoder = new TextEncoder();
  using file = await Deno.open(path, { write: true, create: true, append: true });
  const put = async (text: string) => {
    const bytes = encoder.encode(text);
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  };
  await put(`${columns.map(([name]) => name).join(",")}\n`);
  for (let first = 0; first < rows; first += ROWS_PER_WRITE) {
    const count = Math.min(ROWS_PER_WRITE, rows - first);
    await put(
      Array.from({ length: count }, (_, i) => `${columns.map(([, cell]) => cell(first + i) ?? "").join(",")}\n`).join(
        "",
      ),
    );
  }
}

/** Checks that the first rows have the same bytes as in memory. */
function requireEqual(data: Dataset, expected: Dataset): void {
  for (const name of ["ids", "values", "labels"] as const) {
    const [a, b] = [data[name]!, expected[name]!];
    if (a.length === b.length && a.every((number, i) => Object.is(number, b[i]))) continue;
    throw new Error(`Cannot bench: ${name} must have the same bytes within a limit as without, received others`);
  }
}

async function bench(folder: string, rows: number, memory: number): Promise<void> {
  const path = `${folder}/t.csv`;
  await write(path, rows);
  const { size } = await Deno.stat(path);
  console.log(`${rows.toLocaleString("en")} rows of CSV, ${(size / 1e9).toFixed(2)} GB; limit ${memory / 1e6} MB`);
  const limit = Math.min(rows, COMPARED);
  const inMemory = await readData(path, SCHEMA, { limit });
  requireEqual(await readData(path, SCHEMA, { limit, memory, cache: `${folder}/cache` }), inMemory);
  const watch = new Watch();
  const reading = await watch.during("read", () => readData(path, SCHEMA, { memory, cache: `${folder}/cache` }));
  const { result: data } = await watch.during(
    "read again",
    () => readData(path, SCHEMA, { memory, cache: `${folder}/cache` }),
  );
  const arrays = data.ids.byteLength + data.values!.byteLength + data.labels.byteLength;
  console.log(
    `read: ${
      Math.round(rows / reading.seconds).toLocaleString("en")
    } rows/s with the cache written; arrays of the data set: ${(arrays / 1e6).toFixed(0)} MB`,
  );
  await using model = await Model.create(lr(), data.schema, { seed: 1 });
  const training = await watch.during(
    "train",
    () => model.fit(data, { shuffle: "window", memoryBudget: Math.floor(memory / 8), batchSize: 16_384 }),
  );
  console.log(`train: ${Math.round(rows / training.seconds).toLocaleString("en")} rows/s`);
  console.log(formatTable(["phase", "s", "own MB", "files MB", "both MB"], watch.curve));
}

if (import.meta.main) {
  const { rows, memory } = parseArgs(Deno.args, {
    string: ["rows", "memory"],
    default: { rows: "20000000", memory: "2GB" },
  });
  const folder = await Deno.makeTempDir();
  try {
    await bench(folder, Number(rows), parseBytes(memory) ?? NaN);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
