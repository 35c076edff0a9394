/**
 * What `run.json` says of a training before it begins.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import type { Definition } from "../definition.ts";
import type { Gpu } from "../gpu/device.ts";
import { backendOf, nameVendor, RUNTIME } from "../host/mod.ts";
import type { Optimizer } from "../optimizer.ts";
import type { FitOptions } from "../trainer/options.ts";
import { digestRows } from "../trainer/rows_digest.ts";
import { VERSION } from "../version.ts";
import type { RunInfo, RunRows } from "./info.ts";

/** A training that is to be recorded. */
export interface RunSubject {
  /** The model. */
  readonly model: {
    readonly definition: Definition;
    readonly parameterCount: number;
    readonly schema: FittedSchema;
    readonly seed: number;
    readonly gpu: Gpu;
  };
  /** Rows to train on. */
  readonly training: Dataset;
  /** Rows that the trained model is evaluated on. */
  readonly test?: Dataset;
  /** Options of training, with the rows of validation. */
  readonly fit: FitOptions;
  /** Arguments of the command line. */
  readonly command?: readonly string[];
}

/** Describes a training as it starts. */
export async function describeStart({ model, training, test, fit, command = [] }: RunSubject): Promise<RunInfo> {
  const { definition: { name, options }, schema, gpu } = model;
  const { validation } = fit;
  const { description, vendor } = gpu.adapter;
  return {
    format: 1,
    state: "running",
    command,
    seed: fit.seed ?? model.seed,
    model: { name, options: plainOptions(options), parameters: model.parameterCount },
    training: plainOptions(fit, NO_OPTIONS),
    started: new Date().toISOString(),
    versions: { weft: VERSION, ...RUNTIME },
    adapter: {
      description,
      vendor: nameVendor(vendor),
      architecture: gpu.device.adapterInfo?.architecture ?? "",
      backend: backendOf(gpu.device),
    },
    data: {
      training: await describeRows(training),
      ...(validation && { validation: await describeRows(validation) }),
      ...(test && { test: await describeRows(test) }),
    },
    schema: await schema.fingerprint(),
    epochs: 0,
  };
}

async function describeRows(data: Dataset): Promise<RunRows> {
  const { rows, lifetimes } = data;
  const positives = lifetimes ? lifetimes.events.reduce((sum, event) => sum + event, 0) : data.positives;
  return { rows, ...(data.labeled && { positives }), fingerprint: await digestRows(data) };
}

/** What of the options of a fit says nothing about the training itself. */
const NO_OPTIONS: readonly string[] = [
  ...["seed", "validation", "run", "checkpoint", "resume", "otherKernels", "tuneKernels", "memoryBudget", "sort"],
  ...["signal", "profiler"],
];

/**
 * Returns options as JSON; of a function there is the name, of an optimizer what it was made with, and callbacks and arrays
 * of numbers are left out.
 */
function plainOptions(options: object, leftOut: readonly string[] = []): Record<string, Json> {
  const given = Object.entries(options).filter(([key]) => !leftOut.includes(key) && !/^on[A-Z]/.test(key));
  return JSON.parse(JSON.stringify(Object.fromEntries(given), (_, value) => {
    if (typeof value === "function") return value.name || "function";
    if (ArrayBuffer.isView(value)) return undefined;
    return isOptimizer(value) ? describeOptimizer(value) : value;
  }));
}

function isOptimizer(value: unknown): value is Optimizer {
  return typeof value === "object" && value !== null && "rule" in value && "embeddingUpdate" in value;
}

function describeOptimizer({ name, lr, embeddingUpdate, constants }: Optimizer): object {
  return { name, lr, embeddingUpdate, constants };
}
