/** Runs a traced graph once over numbers, for tests that look at more than one output. */
import type { Gpu } from "../src/gpu/device.ts";
import type { BufferRange } from "../src/gpu/kernel.ts";
import { download, type Numbers, upload } from "../src/gpu/memory.ts";
import { Plan, type StepScalars, type Storage } from "../src/graph/plan.ts";
import { sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { deviceFor, noStorage } from "./support.ts";

/** What a run reads. */
export interface RunOptions {
  /** Rows of the batch. */
  batch: number;
  /** Steps, run in one submit. */
  steps: readonly StepScalars[];
  /** Numbers of the graph's inputs. */
  inputs: Readonly<Record<string, Numbers>>;
  /** Inputs that are in a buffer already. */
  ranges?: Readonly<Record<string, BufferRange>>;
  /** Places of parameters and tables; none when absent. */
  storage?: Storage;
  /** Name of the variants to run wherever they fit. @default those that suit the device */
  kernels?: string;
}

/** Uploads inputs, runs the steps and returns the outputs' bytes. */
export async function run(outputs: readonly Tensor[], options: RunOptions): Promise<ArrayBuffer[]> {
  const device = await deviceFor(options);
  const inputs: Record<string, BufferRange> = {};
  for (const [name, data] of Object.entries(options.inputs)) {
    inputs[name] = { buffer: upload(device, name, data), size: data.byteLength };
  }
  const plan = await Plan.create(device, {
    name: "test",
    batch: options.batch,
    outputs,
    inputs: { ...inputs, ...options.ranges },
    storage: options.storage ?? noStorage,
  });
  plan.run(options.steps);
  const results = outputs.map((tensor) => read(device, plan, tensor));
  const bytes = await Promise.all(results);
  plan.destroy();
  for (const { buffer } of Object.values(inputs)) buffer.destroy();
  return bytes;
}

function read(device: Gpu, plan: Plan, tensor: Tensor): Promise<ArrayBuffer> {
  const { buffer, offset } = plan.rangeOf(tensor);
  return download(device, buffer, 4 * sizeOf(tensor.shape, plan.batch), offset);
}
