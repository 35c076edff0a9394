/**
 * Times answers over HTTP on this machine, beside the forward passes alone.
 *
 *     deno run -A bench/serving.ts [--seconds 5] [--candidates 1,128,1000] [--clients 1,16,64]
 *
 * DeepFM at Criteo's shape: 39 fields, 1,000,000 rows of embeddings, width 16, MLP 400-400-400. Requests are binary tensors
 * of the Open Inference Protocol, prepared beforehand and sent by clients in a thread of their own that wait for each
 * answer. The first answer is compared with what `predict` gives before anything is timed.
 *
 * @module
 */
import { deepfm, Model, serve } from "../mod.ts";
import { decodeInfer, type EncodedRequest, encodeInfer, ServerError } from "../src/client/mod.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import { parseArgs } from "../src/std.ts";
import { formatMs, formatTable } from "./report.ts";
import type { LoadResult, LoadTask } from "./serving_clients.ts";

const FIELDS = 39;

/** Runs clients in a worker, so that their work does not stop the server's. */
async function load(task: LoadTask): Promise<LoadResult> {
  const worker = new Worker(new URL("./serving_clients.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(task);
    });
  } finally {
    worker.terminate();
  }
}

/** Returns the value below which a share of sorted values lies. */
function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Writes a request: values as texts, one binary tensor a field, all outputs wanted in binary. */
function requestOf(ids: Uint32Array, rows: number, offsets: readonly number[]): EncodedRequest {
  const columns = offsets.map((offset, f) => {
    return [`f${f}`, Array.from(ids.subarray(f * rows, (f + 1) * rows), (id) => String(id - offset - 1))] as const;
  });
  return encodeInfer(Object.fromEntries(columns));
}

/** Scores of the first answer, to compare. */
async function scoresOf(url: string, { body, headers }: EncodedRequest): Promise<Float32Array> {
  const response = await fetch(url, { method: "POST", headers, body });
  if (!response.ok) throw await ServerError.of(response);
  return (await decodeInfer(response)).floats("score");
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["seconds", "candidates", "clients"] });
  const seconds = Number(options.seconds ?? 5);
  const [candidates, clients] = [options.candidates ?? "1,128,1000", options.clients ?? "1,16,64"].map((list) =>
    (list as string).split(",").map(Number)
  );
  const data = zipfDataset({ rows: Math.max(...candidates), fields: FIELDS, totalRows: 1_000_000, seed: 1 });
  await using model = await Model.create(deepfm({ dim: 16, hidden: [400, 400, 400] }), data.schema, { seed: 1 });
  await using server = await serve(model, { port: 0, name: "deepfm" });
  await using scorer = await model.scorer();
  const url = `${server.url}/v2/models/deepfm/infer`;
  const offsets = data.schema.fields.map(({ offset }) => offset);
  const lines: string[][] = [];
  for (const rows of candidates) {
    const part = data.slice(0, rows);
    const request = requestOf(part.ids, rows, offsets);
    const [received, expected] = [await scoresOf(url, request), await model.predict(part)];
    if (expected.some((score, row) => score !== received[row])) {
      throw new Error(`the answer for ${rows} rows differs from what predict gives`);
    }
    const forward: number[] = [];
    for (const end = performance.now() + 1000 * seconds; performance.now() < end;) {
      const start = performance.now();
      await scorer.score(part);
      forward.push(performance.now() - start);
    }
    forward.sort((a, b) => a - b);
    for (const count of clients) {
      const { ms, elapsedMs } = await load({ url, request, clients: count, seconds });
      lines.push([
        ...[rows, count, ms.length].map(String),
        ...[0.5, 0.99].map((share) => formatMs(quantile(ms, share))),
        Math.round(1000 * rows * ms.length / elapsedMs).toLocaleString("en-US"),
        ...[0.5, 0.99].map((share) => formatMs(quantile(forward, share))),
      ]);
      console.error(lines.at(-1)!.join("  "));
    }
  }
  const header = ["rows", "clients", "answers", "p50 ms", "p99 ms", "rows/s", "forward p50 ms", "forward p99 ms"];
  console.log(formatTable(header, lines, header.map((_, i) => i)));
  Deno.exit(0);
}
