import { main } from "../../src/cli.ts";
import type { RunInfo } from "../../src/runs/mod.ts";
import { RunWriter } from "../../src/runs/writer.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";

const INFO: RunInfo = {
  format: 1,
  state: "finished",
  command: ["train"],
  seed: 1,
  model: { name: "deepfm", options: { dim: 4, hidden: [8] }, parameters: 120 },
  training: { epochs: 5, optimizer: { name: "adam", lr: 0.01 } },
  started: "2026-01-02T03:04:05.000Z",
  seconds: 12.25,
  versions: { weft: "0.1.0" },
  adapter: { description: "llvmpipe", vendor: "Mesa", architecture: "", backend: "deno" },
  data: { training: { rows: 1234, positives: 20 } },
  schema: "abc",
  epochs: 5,
  kernels: { "product m=1": "blocks" },
};

const evaluation = (auc: number, logloss: number) => ({
  ...{ auc, logloss, brier: 0.1, normalizedEntropy: 0.9, calibration: 1, rows: 50 },
});

async function write(folder: string, change: Partial<RunInfo>): Promise<void> {
  await using _ = await RunWriter.start(folder, { ...INFO, ...change });
}

/** Runs a command in this process. */
async function weft(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: string[][] = [[], []];
  const code = await main(args, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

async function writeRuns(root: string): Promise<void> {
  await write(`${root}/a`, { test: evaluation(0.7, 0.4), best: evaluation(0.8, 0.3), bestEpoch: 3 });
  await write(`${root}/deep/b`, {
    started: "2026-01-01T00:00:00.000Z",
    best: evaluation(0.75, 0.5),
    bestEpoch: 5,
    model: { name: "dcn", options: { dim: 8, hidden: [8] } },
    kernels: { "product m=1": "shared", "product m=2": "shared" },
  });
  await write(`${root}/c`, { state: "running", started: "2026-01-03T00:00:00.000Z", epochs: 0, seconds: undefined });
}

Deno.test("runs lists the runs of folders, the oldest first or by a metric", () =>
  inFolder(async (root) => {
    await writeRuns(root);
    const { code, out } = await weft("runs", root);
    assertEquals(code, 0);
    assertEquals(out.replaceAll(root, "").split("\n").map((line) => line.split(/ {2,}/)), [
      ["run", "state", "model", "rows", "epochs", "validation", "test", "logloss", "seconds", "started"],
      ["/deep/b", "finished", "dcn", "1,234", "5", "0.75000", "-", "0.50000", "12.3", "2026-01-01 00:00:00"],
      ["/a", "finished", "deepfm", "1,234", "5 (3)", "0.80000", "0.70000", "0.40000", "12.3", "2026-01-02 03:04:05"],
      ["/c", "interrupted", "deepfm", "1,234", "0", "-", "-", "-", "-", "2026-01-03 00:00:00"],
    ]);
    const order = async (by: string): Promise<string> => {
      const { out } = await weft("runs", root, "--sort", by, "--json");
      return JSON.parse(out).map(({ folder }: { folder: string }) => folder.at(-1)).join("");
    };
    assertEquals([await order("auc"), await order("logloss"), await order("seconds")], ["bac", "abc", "abc"]);
    const odd = await weft("runs", root, "--sort", "odd");
    assertEquals(odd.code, 2);
    assertMatch(odd.err, /"--sort" must be started, .* \(auc, logloss, .*rows\), received "odd"/);
    assertEquals((await weft("runs", `${root}/a`, `${root}/a`, "--json")).out.match(/"folder"/g)!.length, 1);
    await Deno.writeTextFile(`${root}/c/run.json`, "{");
    const damaged = await weft("runs", root);
    assertEquals([damaged.code, damaged.out.split("\n").length], [1, 3]);
    assertStringIncludes(damaged.err, `Cannot read run "${root}/c/run.json": it must be JSON`);
    const none = await weft("runs", `${root}/absent`);
    assertEquals([none.code, none.err], [1, `Cannot find runs in "${root}/absent": it must be a folder`]);
  }));

Deno.test("runs --diff tells which options and metrics differ", () =>
  inFolder(async (root) => {
    await writeRuns(root);
    const { code, out } = await weft("runs", "--diff", `${root}/a`, `${root}/deep/b`);
    assertEquals(code, 0);
    const lines = out.replaceAll(root, "").split("\n").map((line) => line.split(/ {2,}/));
    assertEquals(lines, [
      ["options", "/a", "/deep/b"],
      ["model.name", "deepfm", "dcn"],
      ["model.options.dim", "4", "8"],
      ["parameters", "120", "-"],
      ["kernels.product m=1", "blocks", "shared"],
      [""],
      ["metrics", "/a", "/deep/b"],
      ["bestEpoch", "3", "5"],
      ["validation.auc", "0.8", "0.75"],
      ["validation.logloss", "0.3", "0.5"],
      ...Object.entries(evaluation(0.7, 0.4)).map(([name, value]) => [`test.${name}`, String(value), "-"]),
    ]);
    const json = JSON.parse((await weft("runs", "--diff", `${root}/a`, `${root}/deep/b`, "--json")).out);
    assertEquals(json.options[1], { name: "model.options.dim", values: [4, 8] });
    assertStringIncludes((await weft("runs", "--diff", `${root}/a`, `${root}/a`)).out, "options: all the same");
    const one = await weft("runs", "--diff", `${root}/a`);
    assertEquals([one.code, one.err], [2, 'Cannot run runs: option "--diff" compares two folders, received 1']);
    assert((await weft("runs", "--help")).out.startsWith("weft runs [FOLDER...]: list"));
  }));
