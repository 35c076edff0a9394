/**
 * Reading what layers expose.
 *
 * @module
 */
import type { CheckpointTensor } from "./checkpoint/content.ts";
import type { Dataset } from "./data/dataset.ts";
import { Feed } from "./feed.ts";
import type { Gpu } from "./gpu/device.ts";
import type { Graph } from "./graph/graph.ts";
import { Readback, requireAllocated } from "./gpu/memory.ts";
import { Plan } from "./graph/plan.ts";
import { sizeOf, type Tensor } from "./graph/tensor.ts";
import type { InspectOptions } from "./model/options.ts";
import { overlap } from "./model/overlap.ts";
import type { ModelParts } from "./model/parts.ts";
import { feedSizes, traceModel } from "./trace.ts";

/** Rows of the largest batch: layers can expose many numbers a row. */
const MOST_ROWS = 1024;

/** Batches whose rows are on the device at a time. */
const CHUNK_BATCHES = 16;

/** Bytes that are read back at once, where a batch does not have more. */
const READ_BYTES = 1 << 22;

/** A tensor and the place of its numbers among those that are read back. */
interface Exposed {
  readonly name: string;
  readonly tensor: Tensor;
  readonly floats: number;
  readonly at: number;
}

/** Returns the rows of the batch in which some rows are inspected: powers of two, so that few passes are compiled. */
export function inspectedBatch(rows: number): number {
  return Math.min(MOST_ROWS, 2 ** Math.ceil(Math.log2(rows)));
}

/** What can be read of a forward pass. */
export type Inspected = NonNullable<InspectOptions["what"]>;

/** Returns the tensors of a traced model that can be read, by name. */
export function inspectedTensors({ exposed, nodes }: Graph, what: Inspected): ReadonlyMap<string, Tensor> {
  if (what === "exposed") return exposed;
  const outputs = new Map<string, Tensor>();
  for (const { attributes, inputs, outputs: [output] } of nodes) {
    if ((attributes as { activation?: string } | undefined)?.activation !== "relu") continue;
    const parameters = inputs.flatMap(({ origin }) => origin.kind === "parameter" ? [origin.parameter.name] : []);
    const name = parameters[0]?.replace(/\.[^.]*$/, "") ?? "relu";
    let free = name;
    for (let i = 1; outputs.has(free); i++) free = `${name}_${i}`;
    outputs.set(free, output);
  }
  return outputs;
}

/** A compiled forward pass that keeps what is to be read; calls run side by side, as those of a predictor do. */
export class Inspector {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #feed: Feed;
  readonly #exposed: readonly Exposed[];
  readonly #floats: number;

  private constructor(gpu: Gpu, plan: Plan, feed: Feed, exposed: ReadonlyMap<string, Tensor>) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#feed = feed;
    let at = 0;
    this.#exposed = Array.from(exposed, ([name, tensor]) => {
      const floats = sizeOf(tensor.shape, plan.batch);
      at += floats;
      return { name, tensor, floats, at: at - floats };
    });
    this.#floats = at;
  }

  /**
   * Compiles the forward pass over batches of `batch` rows.
   *
   * @throws {TypeError} when the model has nothing of the kind
   * @throws {GpuError} when the device has too little memory
   */
  static async create(gpu: Gpu, parts: ModelParts, batch: number, what: Inspected): Promise<Inspector> {
    const { definition, declarations, space, store } = parts;
    const feed = new Feed(gpu, { ...feedSizes(space), batch, rows: CHUNK_BATCHES * batch, budget: Infinity });
    try {
      const { logits } = traceModel(definition, "predict", declarations, space, feed.capacity);
      const exposed = inspectedTensors(logits.graph, what);
      if (exposed.size === 0) {
        const lacks = what === "exposed" ? "exposes nothing" : "has no layer with ReLU";
        throw new TypeError(`Cannot inspect ${definition.name}: it ${lacks}`);
      }
      await requireAllocated(feed.buffers);
      const plan = await Plan.create(gpu, {
        name: `${definition.name}.inspect`,
        batch,
        outputs: [logits, ...exposed.values()],
        storage: store,
        inputs: feed.inputs,
      });
      return new Inspector(gpu, plan, feed, exposed);
    } catch (error) {
      feed.destroy();
      throw error;
    }
  }

  /** Returns the tensors of all rows by name. */
  async inspect(data: Dataset): Promise<Record<string, CheckpointTensor>> {
    const { batch } = this.#plan;
    const result: Record<string, CheckpointTensor & { data: Float32Array }> = {};
    for (const { name, tensor: { shape } } of this.#exposed) {
      const numbers = new Float32Array(sizeOf(shape, data.rows));
      result[name] = { shape: shape.map((dim) => (dim === "B" ? data.rows : dim)), data: numbers };
    }
    const batches = Math.max(1, Math.floor(READ_BYTES / (4 * this.#floats)));
    await overlap(data.rows, batches * batch, async (start, end) => {
      const numbers = new Float32Array(await this.#submit(data, start, end));
      for (let first = start; first < end; first += batch) {
        const read = numbers.subarray(this.#floats * (first - start) / batch);
        const rows = Math.min(batch, end - first);
        for (const { name, tensor, at, floats } of this.#exposed) {
          copyRows(tensor, read.subarray(at, at + floats), result[name].data, { first, rows, batch, all: data.rows });
        }
      }
    });
    return result;
  }

  /** Releases the plan and its buffers. */
  destroy(): void {
    this.#plan.destroy();
    this.#feed.destroy();
  }

  /** Submits the batches from row `start` to before `end`; returns all exposed numbers of the first, of the second, ... */
  #submit(data: Dataset, start: number, end: number): Promise<ArrayBuffer> {
    const { batch, name } = this.#plan;
    const readback = new Readback(this.#gpu, name, 4 * this.#floats * Math.ceil((end - start) / batch));
    try {
      this.#feed.begin(data);
      for (let first = start; first < end; first += batch) {
        const base = this.#feed.locate(first);
        this.#plan.run([{ rows: Math.min(batch, end - first), first: base, index: 0, seed: 0, lr: 0, slot: 0 }]);
        for (const { tensor, floats, at } of this.#exposed) {
          const { buffer, offset } = this.#plan.rangeOf(tensor);
          readback.copy(buffer, 4 * floats, offset, 4 * (this.#floats * (first - start) / batch + at));
        }
      }
      this.#feed.end();
      return readback.read();
    } catch (error) {
      readback.destroy();
      throw error;
    }
  }
}

/** Copies the valid rows of a batch's tensor to their place among all rows; a tensor without rows is the same in each. */
function copyRows(
  { shape }: Tensor,
  from: Float32Array,
  to: Float32Array,
  { first, rows, batch, all }: { first: number; rows: number; batch: number; all: number },
): void {
  const axis = shape.indexOf("B");
  if (axis < 0) return to.set(from);
  const inner = sizeOf(shape.slice(axis + 1), batch);
  for (let outer = 0; outer < sizeOf(shape.slice(0, axis), batch); outer++) {
    const values = from.subarray(inner * batch * outer, inner * (batch * outer + rows));
    to.set(values, inner * (all * outer + first));
  }
}
