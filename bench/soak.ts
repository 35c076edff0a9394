/**
 * Keeps a server at a share of its capacity for a while, and watches for errors, growing memory and late answers.
 *
 *     deno run -A bench/soak.ts [--minutes 5] [--load 0.8] [--rows 128] [--deadline 250] [--out seconds.jsonl]
 *     deno run -A bench/soak.ts --minutes 1440     # 24 hours
 *     deno run -A bench/soak.ts --minutes 1 --load 3
 *
 * The capacity is what 16 clients reach that ask as fast as they are answered. Then requests are sent at even distances,
 * whether earlier ones are answered or not, at `--load` times that rate. Above the capacity, the
 * server is told to refuse requests that have waited for a quarter of the deadline, and to keep its queue and its batches short.
 * Each ten seconds are a line of `--out`: answers, refusals, errors, times, and the server's memory
 * by second.
 *
 * The run fails if there was an error; below the capacity also if there was a refusal or the memory grew after the first
 * minute by more than 5 %; above it also if the 99th percentile of the answers is beyond the deadline, or the server does
 * not answer within the deadline one second after the load has ended.
 *
 * @module
 */
import { parseArgs } from "../src/std.ts";
import { formatMs, formatTable } from "./report.ts";
import type { LoadTask } from "./serving_clients.ts";
import { Clients, createModel, drawRows, quantile, requestOf, ServerProcess } from "./serving_setup.ts";

/** Seconds for which the capacity is measured, after as many that do not count. */
const CAPACITY_SECONDS = 5;
/** Clients that measure it. */
const CAPACITY_CLIENTS = 16;
/** Seconds of a line of the file. */
const SPAN_SECONDS = 10;
/** Most requests at a time: more than the server lets wait. */
const CLIENTS = 200;
/** Limits of a server that keeps a deadline above its capacity: a short queue, and batches that do not take long. */
const OVERLOAD_LIMITS = ["--max-queue-size", "100", "--max-batch-size", "512"];
/** Parts of the run that are lines of the table. */
const LINES = 10;
/** Growth of the memory after the first minute that is allowed. */
const MAX_GROWTH = 0.05;

/** What is asked. */
type Target = Pick<LoadTask, "url" | "request">;

/** What happened in some seconds. */
interface Span {
  readonly second: number;
  readonly ms: readonly number[];
  readonly refused: number;
  readonly failed: number;
  readonly unsent: number;
  /** Bytes at each second. */
  readonly memory: readonly number[];
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

function merge(spans: readonly Span[]): Span {
  const sum = (name: "refused" | "failed" | "unsent") => spans.reduce((all, span) => all + span[name], 0);
  return {
    second: spans[0].second,
    ms: spans.flatMap(({ ms }) => ms).sort((a, b) => a - b),
    refused: sum("refused"),
    failed: sum("failed"),
    unsent: sum("unsent"),
    memory: spans.flatMap(({ memory }) => memory),
  };
}

function cellsOf({ second, ms, refused, failed, unsent, memory }: Span): string[] {
  const counts = [second, ms.length, refused, failed, unsent].map(String);
  return [...counts, formatMs(quantile(ms, 0.5)), formatMs(quantile(ms, 0.99)), megabytes(Math.max(...memory))];
}

/** Returns by how much the memory grew from the second minute to the last, as a share; 0 for a shorter run. */
function growthOf(memory: readonly number[]): number {
  if (memory.length < 120) return 0;
  const median = (part: readonly number[]) => quantile(part.toSorted((a, b) => a - b), 0.5);
  return median(memory.slice(-60)) / median(memory.slice(60, 120)) - 1;
}

/** Returns how long after the load's end, in ms, the server answers a request within the deadline. */
async function recover(clients: Clients, target: Target, deadlineMs: number): Promise<number> {
  const start = performance.now();
  for (;;) {
    const { ms, elapsedMs } = await clients.run({ ...target, clients: 1, seconds: 0.001 });
    if (ms.length > 0 && elapsedMs <= deadlineMs) return performance.now() - start;
  }
}

/** Sends requests at a rate for some seconds and returns what happened in each ten of them. */
async function send(
  { clients, server, target }: { clients: Clients; server: ServerProcess; target: Target },
  rate: number,
  seconds: number,
  tell: (span: Span) => void,
): Promise<Span[]> {
  const spans: Span[] = [];
  const begin = performance.now();
  for (let second = 0; second < seconds; second = Math.round((performance.now() - begin) / 1000)) {
    const memory: number[] = [];
    const watch = setInterval(() => memory.push(server.memory()), 1000);
    const task = { ...target, clients: CLIENTS, rate, seconds: Math.min(SPAN_SECONDS, seconds - second) };
    const { ms, refused, failed, unsent } = await clients.run(task);
    clearInterval(watch);
    memory.push(server.memory());
    spans.push({ second, ms: Array.from(ms), refused, failed, unsent, memory });
    tell(spans[spans.length - 1]);
  }
  return spans;
}

/** Returns what a run has not kept to. */
function faultsOf(all: Span, share: number, deadlineMs: number, recoveryMs: number): string[] {
  const faults: string[] = [];
  const growth = growthOf(all.memory);
  if (all.failed > 0) faults.push(`${all.failed} requests failed`);
  if (share <= 1 && all.refused > 0) faults.push(`${all.refused} requests were refused`);
  if (growth > MAX_GROWTH) faults.push(`memory grew by ${(100 * growth).toFixed(1)} %`);
  if (share > 1 && quantile(all.ms, 0.99) > deadlineMs) faults.push("the 99th percentile is beyond the deadline");
  if (recoveryMs > 1000) faults.push(`the server took ${recoveryMs.toFixed(0)} ms to recover`);
  return faults;
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["minutes", "load", "rows", "deadline", "out"] });
  const [seconds, share] = [60 * Number(options.minutes ?? 5), Number(options.load ?? 0.8)];
  const [rows, deadlineMs] = [Number(options.rows ?? 128), Number(options.deadline ?? 250)];
  const data = drawRows(rows);
  await using model = await createModel(data);
  const limits = share > 1 ? ["--timeout", `${deadlineMs / 4}`, ...OVERLOAD_LIMITS] : [];
  await using server = await ServerProcess.start(model, ...limits);
  using clients = new Clients();
  const request = requestOf(data);
  const received = await server.scores(request);
  // The server may compute the rows on the processor, which rounds in other places.
  if ((await model.predict(data)).some((score, row) => !(Math.abs(score - received[row]) <= 1e-6))) {
    throw new Error("the answer differs from what predict gives");
  }
  const target = { url: server.inferUrl, request };
  const capacities: number[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const task = { ...target, clients: CAPACITY_CLIENTS, seconds: CAPACITY_SECONDS };
    const { ms, elapsedMs } = await clients.run(task);
    capacities.push(1000 * ms.length / elapsedMs);
  }
  const rate = share * capacities[1];
  console.log(`capacity ${capacities[1].toFixed(1)} requests/s of ${rows} rows; load ${share}: ${rate.toFixed(1)}\n`);
  using out = options.out === undefined ? undefined : await Deno.create(options.out);
  const spans = await send({ clients, server, target }, rate, seconds, (span) => {
    const { ms, ...rest } = span;
    const line = { ...rest, answered: ms.length, p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) };
    out?.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  });
  const recoveryMs = await recover(clients, target, deadlineMs);
  const all = merge(spans);
  const perLine = Math.ceil(spans.length / LINES);
  const lines = Array.from({ length: Math.ceil(spans.length / perLine) }, (_, i) => {
    return cellsOf(merge(spans.slice(i * perLine, (i + 1) * perLine)));
  });
  const header = ["from s", "answered", "refused", "errors", "unsent", "p50 ms", "p99 ms", "memory MB"];
  console.log(formatTable(header, [...lines, ["all", ...cellsOf(all).slice(1)]], header.map((_, i) => i)));
  const growth = `memory after the first minute: ${(100 * growthOf(all.memory)).toFixed(1)} %`;
  console.log(`\n${growth}; an answer within ${deadlineMs} ms came ${recoveryMs.toFixed(0)} ms after the end`);
  const faults = faultsOf(all, share, deadlineMs, recoveryMs);
  for (const fault of faults) console.error(fault);
  Deno.exitCode = faults.length > 0 ? 1 : 0;
}
