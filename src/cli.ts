/**
 * The command line: `weft describe`, `train`, `tune`, `runs`, `benchmark`, `evaluate`, `compare`, `calibrate`, `predict`,
 * `report`, `quantize`, `serve`, `join-labels`, `export`, `import`, `devices`, `tune-kernels` and `demo`.
 *
 * Exit codes: 0 for success, 1 for a failure, 2 for wrong arguments, 130, 143 or 129 when Ctrl-C, SIGTERM or SIGHUP ended
 * the work.
 *
 * @module
 */
import { BENCHMARK, benchmark } from "./cli/benchmark.ts";
import { CALIBRATE, calibrate } from "./cli/calibrate.ts";
import { COMPARE, compare } from "./cli/compare.ts";
import { DEMO, demo } from "./cli/demo.ts";
import { DESCRIBE, describe } from "./cli/describe.ts";
import { DEVICES, devices } from "./cli/devices.ts";
import { EVALUATE, evaluate } from "./cli/evaluate.ts";
import { EXPORT, exportModel } from "./cli/export.ts";
import { IMPORT, importModel } from "./cli/import.ts";
import { JOIN_LABELS, joinLabels } from "./cli/join_labels.ts";
import { nearest } from "./cli/nearest.ts";
import { type CommandInfo, formatHelp, UsageError } from "./cli/options.ts";
import { PREDICT, predict } from "./cli/predict.ts";
import { QUANTIZE, quantize } from "./cli/quantize.ts";
import { REPORT, report as writeReport } from "./cli/run_report.ts";
import { RUNS, runs } from "./cli/runs.ts";
import { processStreams, type Streams } from "./cli/streams.ts";
import { SERVE, serve } from "./cli/serve.ts";
import { train } from "./cli/train.ts";
import { TRAIN } from "./cli/train_options.ts";
import { TUNE, tune } from "./cli/tune.ts";
import { TUNE_KERNELS, tuneKernels } from "./cli/tune_kernels.ts";

export type { Streams } from "./cli/streams.ts";

/** A subcommand. */
interface Command {
  readonly info: CommandInfo;
  readonly run: (args: readonly string[], streams: Streams) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  describe: { info: DESCRIBE, run: describe },
  train: { info: TRAIN, run: train },
  tune: { info: TUNE, run: tune },
  runs: { info: RUNS, run: runs },
  benchmark: { info: BENCHMARK, run: benchmark },
  evaluate: { info: EVALUATE, run: evaluate },
  compare: { info: COMPARE, run: compare },
  calibrate: { info: CALIBRATE, run: calibrate },
  predict: { info: PREDICT, run: predict },
  report: { info: REPORT, run: writeReport },
  quantize: { info: QUANTIZE, run: quantize },
  serve: { info: SERVE, run: serve },
  "join-labels": { info: JOIN_LABELS, run: joinLabels },
  export: { info: EXPORT, run: exportModel },
  import: { info: IMPORT, run: importModel },
  devices: { info: DEVICES, run: devices },
  "tune-kernels": { info: TUNE_KERNELS, run: tuneKernels },
  demo: { info: DEMO, run: demo },
};

/**
 * Runs the command line.
 *
 * @param args arguments, the subcommand first
 * @param streams where results and messages go
 * @returns the exit code
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { main } from "./cli.ts";
 *
 * const errors: string[] = [];
 * const streams = { out: () => {}, err: (text: string) => void errors.push(text) };
 * assert.equal(await main(["train", "--epoch", "5"], streams), 2);
 * assert.equal(errors[0], 'Cannot run train: no option "--epoch", did you mean "--epochs"');
 * ```
 */
export async function main(args: readonly string[], streams: Streams = processStreams): Promise<number> {
  try {
    const [name = "", ...rest] = args;
    if (name === "" || name === "help" || name === "--help" || name === "-h") return help(rest, streams);
    const { info, run } = find(name);
    if (rest.some((argument) => argument === "--help" || argument === "-h")) {
      streams.out(formatHelp(info));
      return 0;
    }
    return await run(rest, streams);
  } catch (error) {
    return report(error, args, streams);
  }
}

function help([name]: readonly string[], streams: Streams): number {
  streams.out(name === undefined ? overview() : formatHelp(find(name).info));
  return 0;
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  return [
    "weft: click-through-rate models on WebGPU",
    "",
    "Commands:",
    ...Object.values(COMMANDS).map(({ info: { name, summary } }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "weft COMMAND --help lists the options of a command. In a clone, weft stands for: npx -y deno@2.9.6 task",
  ].join("\n");
}

function find(name: string): Command {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name];
  const names = Object.keys(COMMANDS);
  const close = nearest(name, names);
  throw new UsageError(
    `Cannot run weft: no command "${name}", ${close ? `did you mean "${close}"` : `there are ${names.join(", ")}`}`,
  );
}

function report(error: unknown, args: readonly string[], streams: Streams): number {
  // The reader of a pipe has what it wanted.
  if (error instanceof Deno.errors.BrokenPipe) return 0;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  streams.err(args.includes("--debug") ? describeCauses(error, stack ?? message) : message);
  return error instanceof UsageError ? 2 : 1;
}

function describeCauses(error: unknown, stack: string): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${stack}\nCaused by: ${describeCauses(cause, cause.stack ?? cause.message)}` : stack;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
