/**
 * `weft runs`: the training runs in folders.
 *
 * @module
 */
import { numbersOf } from "../metrics.ts";
import { compareRuns, type Difference } from "../runs/differences.ts";
import type { RunInfo } from "../runs/info.ts";
import { findRuns, readRun, readRunInfo } from "../runs/read.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount, formatTable } from "./table.ts";

const GROUPS = {
  "Output": {
    sort: {
      value: "NAME",
      help: "order by started (default), seconds, epochs, or a metric such as auc, best first;\n" +
        "metrics are those of test rows, or without such rows of validation",
    },
    json: { help: "print JSON: run.json of each, or the differences" },
    diff: { help: "tell which options and metrics of two runs differ" },
  },
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft runs`. */
export const RUNS: CommandInfo<typeof GROUPS> = {
  name: "runs",
  operands: "[FOLDER...]",
  summary: "list the training runs in folders and below, and compare them",
  options: GROUPS,
  notes: ["Without a folder, the runs in the current one and below are listed. train --run makes such folders."],
  examples: ["runs", "runs runs --sort auc", "runs --diff runs/deepfm-1 runs/dcnv2-1"],
};

/** Runs `weft runs`. */
export async function runs(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(RUNS, args);
  options.exclude("diff", ["sort"]);
  if (options.has("diff")) return await tellDifferences(options, streams);
  const roots = options.operands.length > 0 ? options.operands : ["."];
  const folders = [...new Set((await Promise.all(roots.map(findRuns))).flat())];
  const { listed, isDamaged } = await readAll(folders, streams);
  const sorted = sortRuns(listed, options);
  if (options.has("json")) {
    streams.out(JSON.stringify(sorted.map(({ folder, info }) => ({ folder, ...info })), null, 2));
  } else if (folders.length === 0) {
    streams.err(`There are no runs in ${roots.join(", ")}; train --run FOLDER makes one`);
  } else streams.out(formatRuns(sorted));
  return isDamaged ? 1 : 0;
}

/** Reads what runs say; one that is damaged is told of, and does not hide the others. */
async function readAll(
  folders: readonly string[],
  streams: Streams,
): Promise<{ readonly listed: Listed[]; readonly isDamaged: boolean }> {
  const listed: Listed[] = [];
  let isDamaged = false;
  for (const folder of folders) {
    try {
      const info = await readRunInfo(folder);
      if (info) listed.push({ folder, info });
    } catch (error) {
      streams.err((error as Error).message);
      isDamaged = true;
    }
  }
  return { listed, isDamaged };
}

interface Listed {
  readonly folder: string;
  readonly info: RunInfo;
}

/** Metrics of which less is better. */
const LESS_IS_BETTER = /^(logloss|brier|normalizedEntropy)(\.|$)/;

function sortRuns(listed: readonly Listed[], options: Options<Name>): Listed[] {
  const by = options.text("sort") ?? "started";
  if (by === "started") return [...listed].sort((a, b) => a.info.started < b.info.started ? -1 : 1);
  const valueOf = ({ info }: Listed): number | undefined =>
    by === "seconds" || by === "epochs" ? info[by] : metricsOf(info)?.[by];
  if (listed.length > 0 && listed.every((run) => valueOf(run) === undefined)) {
    const names = new Set(listed.flatMap(({ info }) => Object.keys(metricsOf(info) ?? {})));
    options.refuse(
      `option "--sort" must be started, seconds, epochs or a metric of the runs (${
        [...names].join(", ") || "none"
      }), received "${by}"`,
    );
  }
  const rises = by === "seconds" || by === "epochs" || LESS_IS_BETTER.test(by);
  const worst = rises ? Infinity : -Infinity;
  const numberOf = (run: Listed): number => {
    const value = valueOf(run);
    return value === undefined || Number.isNaN(value) ? worst : value;
  };
  return [...listed].sort((a, b) => {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (x === y) return a.folder < b.folder ? -1 : 1;
    return (x < y) === rises ? -1 : 1;
  });
}

/** Metrics that tell most about a run: those of test rows, where there are any. */
function metricsOf({ test, best }: RunInfo): Record<string, number> | undefined {
  const evaluation = test ?? best;
  return evaluation && numbersOf(evaluation);
}

const HEADER = ["run", "state", "model", "rows", "epochs", "validation", "test", "logloss", "seconds", "started"];

/** Writes a line for each run; validation and test are AUC, or concordance where labels are times. */
export function formatRuns(listed: readonly Listed[]): string {
  const lines = listed.map(({ folder, info }) => {
    const { state, model, data, epochs, bestEpoch, best, test, seconds, started } = info;
    const order = (evaluation: RunInfo["best"]): string => format(evaluation?.concordance ?? evaluation?.auc);
    return [
      folder,
      state,
      model.name,
      formatCount(data.training.rows),
      bestEpoch === undefined || bestEpoch === epochs ? String(epochs) : `${epochs} (${bestEpoch})`,
      order(best),
      order(test),
      format((test ?? best)?.logloss),
      seconds?.toFixed(1) ?? "-",
      started.slice(0, 19).replace("T", " "),
    ];
  });
  return formatTable(HEADER, lines);
}

const format = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? "-" : value.toFixed(5);

async function tellDifferences(options: Options<Name>, streams: Streams): Promise<number> {
  const { operands } = options;
  if (operands.length !== 2) options.refuse(`option "--diff" compares two folders, received ${operands.length}`);
  const [a, b] = await Promise.all(operands.map(readRun));
  const found = compareRuns(a.info, b.info);
  if (options.has("json")) streams.out(JSON.stringify(found, null, 2));
  else {
    const tables = Object.entries(found).map(([title, list]) => formatDifferences(title, list, operands));
    streams.out(tables.join("\n\n"));
  }
  return 0;
}

function formatDifferences(title: string, list: readonly Difference[], folders: readonly string[]): string {
  if (list.length === 0) return `${title}: all the same`;
  const show = (value: unknown): string =>
    value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);
  return formatTable([title, ...folders], list.map(({ name, values }) => [name, ...values.map(show)]));
}
