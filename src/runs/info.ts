/**
 * What `run.json` says about a training run.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import type { PlanDescription } from "../graph/plan.ts";
import type { Evaluation } from "../metrics.ts";

/** Names of the files in a run's folder. */
export const RUN_FILES = {
  /** What the run is and how far it came: {@linkcode RunInfo}. */
  info: "run.json",
  /** A line for each {@linkcode RunEvent}. */
  metrics: "metrics.jsonl",
  /** The trained model. */
  model: "model.weft",
  /** What an interrupted run goes on from. */
  checkpoint: "checkpoint.weft",
  /** The schema as it was declared. */
  schema: "schema.json",
} as const;

/** States of a run; one that was killed stays `running`, and no process has its folder open. */
export const RUN_STATES = ["running", "finished", "interrupted", "failed"] as const;

/** How a run stands. */
export type RunState = typeof RUN_STATES[number];

/** Rows of a part of the data. */
export interface RunRows {
  /** How many there are. */
  readonly rows: number;
  /** Rows whose label is 1, of the first task where there are several; ends that were seen where labels are times. */
  readonly positives?: number;
  /** Digest of rows, values, histories and labels: SHA-256 in hexadecimal. */
  readonly fingerprint?: string;
}

/** What ran the shaders of a run. */
export interface RunAdapter {
  /** The adapter in the driver's words. */
  readonly description: string;
  /** The maker. */
  readonly vendor: string;
  /** The family of the GPU, where the runtime tells. */
  readonly architecture: string;
  /** Whose WebGPU it was: `deno`, `dawn` or `browser`. */
  readonly backend: string;
}

/** What a step of a run runs, and the memory that it takes. */
export type RunPlan = Pick<
  PlanDescription,
  "dispatches" | "longestChain" | "arenaBytes" | "peakBytes" | "tensorBytes"
>;

/** A training run, from its start on. */
export interface RunInfo {
  /** Version of this format. */
  readonly format: 1;
  /** How the run stands. */
  readonly state: RunState;
  /** Arguments of the command line that started it; none where a program did. */
  readonly command: readonly string[];
  /** Seed of parameters, shuffling and dropout. */
  readonly seed: number;
  /** The model function, its options, and its trainable numbers. */
  readonly model: {
    readonly name: string;
    readonly options: Readonly<Record<string, Json>>;
    readonly parameters?: number;
  };
  /** Options of training. */
  readonly training?: Readonly<Record<string, Json>>;
  /** When it was started. */
  readonly started: string;
  /** When it ended; absent while it runs. */
  readonly ended?: string;
  /** Seconds that it took, those between an interruption and its resumption left out. */
  readonly seconds?: number;
  /** What ran it. */
  readonly versions: { readonly weft: string; readonly deno?: string; readonly v8?: string };
  /** What ran the shaders. */
  readonly adapter: RunAdapter;
  /** What a step runs, and the memory that it takes. */
  readonly plan?: RunPlan;
  /** Variants of the kernels that the step ran, by kernel and problem. */
  readonly kernels?: Readonly<Record<string, string>>;
  /** The rows of each part. */
  readonly data: { readonly training: RunRows; readonly validation?: RunRows; readonly test?: RunRows };
  /** Fingerprint of the fitted schema. */
  readonly schema: string;
  /** Epochs done. */
  readonly epochs: number;
  /** Epoch of the best evaluation, from 1. */
  readonly bestEpoch?: number;
  /** Metrics on the validation rows of the parameters that are kept. */
  readonly best?: Evaluation;
  /** Metrics of the trained model on the test rows. */
  readonly test?: Evaluation;
  /** Why it failed. */
  readonly error?: string;
}

/** Writes `run.json`. A metric that is not a number is null in it. */
export function formatRunInfo(info: RunInfo): string {
  return `${JSON.stringify(info, null, 2)}\n`;
}

/**
 * Reads the text of a `run.json`.
 *
 * @param path the file, for errors
 * @throws {SyntaxError} when it is no JSON
 * @throws {TypeError} when it is of something else, naming the first key that is wrong
 * @throws {RangeError} when it has another format version
 */
export function parseRunInfo(path: string, text: string): RunInfo {
  const info = parseObject(path, text);
  if (info.format !== 1) {
    throw new RangeError(`Cannot read run "${path}": format must be 1, received ${JSON.stringify(info.format)}`);
  }
  for (const [key, wanted, isRight] of CHECKS) {
    if (!isRight(info[key])) {
      throw new TypeError(
        `Cannot read run "${path}": ${key} must be ${wanted}, received ${JSON.stringify(info[key]) ?? "none"}`,
      );
    }
  }
  for (const key of ["best", "test"]) if (info[key] !== undefined) info[key] = withNaN(info[key]);
  return info as unknown as RunInfo;
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read run "${path}": it must be JSON, received ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!isRecord(info)) throw new TypeError(`Cannot read run "${path}": it must be an object, received ${text.trim()}`);
  return info;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTime = (value: unknown): boolean => typeof value === "string" && !Number.isNaN(Date.parse(value));

/** Keys that readers rely on, what they must be, and whether a value is that. */
const CHECKS: readonly (readonly [string, string, (value: unknown) => boolean])[] = [
  ["state", `one of ${RUN_STATES.join(", ")}`, (value) => (RUN_STATES as readonly unknown[]).includes(value)],
  ["command", "a list of texts", (value) => Array.isArray(value) && value.every((part) => typeof part === "string")],
  ["seed", "an integer", Number.isInteger],
  ["model", "an object with name and options", (m) => isRecord(m) && typeof m.name === "string" && isRecord(m.options)],
  ["started", "a time", isTime],
  ["ended", "a time", (value) => value === undefined || isTime(value)],
  ["versions", "an object", isRecord],
  ["adapter", "an object", isRecord],
  ["data", "an object with training", (value) => isRecord(value) && isRecord(value.training)],
  ["schema", "a text", (value) => typeof value === "string"],
  ["epochs", "an integer", Number.isInteger],
  ["best", "an object", (value) => value === undefined || isRecord(value)],
  ["test", "an object", (value) => value === undefined || isRecord(value)],
];

/** Puts NaN where JSON has null for it. */
function withNaN(value: unknown): unknown {
  if (value === null) return NaN;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withNaN(part)]));
}
