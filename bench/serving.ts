/**
 * Times answers over HTTP on this machine, beside the forward passes alone.
 *
 *     deno run -A bench/serving.ts [--seconds 5] [--rounds 3] [--candidates 1,128,1000] [--clients 1,16,64] [--processor auto]
 *
 * DeepFM at Criteo's shape: 39 fields, 1,000,000 rows of embeddings, width 16, MLP 400-400-400. Requests are binary tensors
 * of the Open Inference Protocol, prepared beforehand and sent to `weft serve` in a process of its own by clients that wait
 * for each answer. The first answer is compared with what `predict` gives before anything is timed. Passes and requests
 * take turns for some seconds each, in several rounds, and each number is the best round's: others may use the machine.
 * Beside the answers, a client asks every 20 ms whether the server is alive. With `--processor never` all batches are
 * computed on the device. "Bare" is a server that reads the same requests and answers without any work: what the machine's
 * own sockets cost. "Decode" and "compute" are means of what the server counts itself: rows are made of a request, and a
 * batch goes to the thread that scores and comes back. "Paused" is the forward pass every 5 ms, as a device answers that
 * has been idle.
 *
 * @module
 */
import type { ProcessorUse } from "../src/serve/mod.ts";
import { parseArgs } from "../src/std.ts";
import { formatMs, formatTable } from "./report.ts";
import { BareServer, Clients, createModel, drawRows, quantile, requestOf, ServerProcess } from "./serving_setup.ts";

/** Median and 99th percentile in ms. */
type Times = readonly [median: number, p99: number];

const timesOf = (ms: ArrayLike<number>): Times => [quantile(ms, 0.5), quantile(ms, 0.99)];

const best = (rounds: readonly Times[]): Times =>
  [0, 1].map((i) => Math.min(...rounds.map((times) => times[i]))) as [
    number,
    number,
  ];

/** What is timed. */
const TIMED = ["answers", "bare", "forward", "paused", "alive"] as const;

/** Reads how often and how long a server has decoded requests and computed batches. */
async function stagesOf(server: ServerProcess): Promise<{ count: number; ns: number }[]> {
  const { model_stats: [{ inference_stats: stats }] } = await (await fetch(server.at("/v2/models/deepfm/stats")))
    .json();
  return [stats.compute_input, stats.compute_infer];
}

/** Repeats work for some seconds and returns how long it took each time, ascending. */
async function timeFor(seconds: number, work: () => Promise<unknown>, pauseMs?: number): Promise<number[]> {
  const ms: number[] = [];
  for (const end = performance.now() + 1000 * seconds; performance.now() < end;) {
    const start = performance.now();
    await work();
    ms.push(performance.now() - start);
    if (pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return ms.sort((a, b) => a - b);
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["seconds", "rounds", "candidates", "clients", "processor"] });
  const [seconds, rounds] = [Number(options.seconds ?? 5), Number(options.rounds ?? 3)];
  const [candidates, clients] = [options.candidates ?? "1,128,1000", options.clients ?? "1,16,64"].map((list) =>
    (list as string).split(",").map(Number)
  );
  const processor = (options.processor ?? "auto") as ProcessorUse;
  // On the device scores have the same bits; elsewhere the order of sums differs.
  const tolerance = processor === "never" ? 0 : 1e-6;
  const data = drawRows(Math.max(...candidates));
  await using model = await createModel(data);
  await using server = await ServerProcess.start(model, "--processor", processor);
  await using bare = await BareServer.start();
  await using scorer = await model.scorer({ processor });
  console.error(scorer.description);
  using asking = new Clients();
  const isAlive = async () => await (await fetch(server.at("/v2/health/live"))).body?.cancel();
  const lines: string[][] = [];
  for (const rows of candidates) {
    const part = data.slice(0, rows);
    const request = requestOf(part);
    const [received, expected] = [await server.scores(request), await model.predict(part)];
    if (expected.some((score, row) => !(Math.abs(score - received[row]) <= tolerance))) {
      throw new Error(`the answer for ${rows} rows differs from what predict gives`);
    }
    for (const count of clients) {
      const measured: (Record<typeof TIMED[number], Times> & { stages: readonly number[]; rate: number })[] = [];
      for (let round = 0; round < rounds; round++) {
        const forward = timesOf(await timeFor(seconds, () => scorer.score(part)));
        const paused = timesOf(await timeFor(seconds, () => scorer.score(part), 5));
        const empty = await asking.run({ url: bare.url, request, clients: count, seconds });
        const before = await stagesOf(server);
        const [{ ms, failed, refused, elapsedMs }, alive] = await Promise.all([
          asking.run({ url: server.inferUrl, request, clients: count, seconds }),
          timeFor(seconds, isAlive, 20),
        ]);
        if (failed + refused > 0) throw new Error(`${failed + refused} requests were not answered`);
        const after = await stagesOf(server);
        measured.push({
          forward,
          paused,
          stages: after.map(({ ns, count }, i) => (ns - before[i].ns) / (count - before[i].count) / 1e6),
          bare: timesOf(empty.ms),
          answers: timesOf(ms),
          alive: timesOf(alive),
          rate: 1000 * rows * ms.length / elapsedMs,
        });
      }
      const [answers, empty, forward, paused, alive] = TIMED.map((name) => best(measured.map((times) => times[name])));
      const stages = [0, 1].map((i) => Math.min(...measured.map(({ stages }) => stages[i])));
      const rate = Math.round(Math.max(...measured.map(({ rate }) => rate))).toLocaleString("en-US");
      const numbers = [...empty, ...forward, paused[0], ...stages, alive[1]].map(formatMs);
      lines.push([`${rows}`, `${count}`, ...answers.map(formatMs), rate, ...numbers]);
      console.error(lines.at(-1)!.join("  "));
    }
  }
  const header = [
    ...["rows", "clients", "p50 ms", "p99 ms", "rows/s", "bare p50", "bare p99", "forward p50", "forward p99"],
    ...["paused p50", "decode", "compute", "health p99"],
  ];
  console.log(formatTable(header, lines, header.map((_, i) => i)));
}
