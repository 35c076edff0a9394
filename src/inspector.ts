/**
 * Reading what layers expose, for a batch of rows.
 *
 * @module
 */
import type { CheckpointTensor } from "./checkpoint.ts";
import type { Dataset } from "./data/dataset.ts";
import { Feed } from "./feed.ts";
import type { Gpu } from "./gpu/device.ts";
import { download } from "./gpu/memory.ts";
import { Plan } from "./graph/plan.ts";
import { sizeOf } from "./graph/tensor.ts";
import type { ModelParts } from "./model/parts.ts";
import { traceModel } from "./trace.ts";

/**
 * Runs a forward pass over all rows of `data` at once and downloads the exposed tensors.
 *
 * @throws {TypeError} when the model exposes nothing
 */
export async function inspect(
  gpu: Gpu,
  { definition, declarations, space, store }: ModelParts,
  data: Dataset,
): Promise<Record<string, CheckpointTensor>> {
  const batch = data.rows;
  const feed = new Feed(gpu, {
    fields: space.fields.length,
    hasValues: space.hasValues,
    batch,
    rows: batch,
    budget: Infinity,
  });
  const { logits } = traceModel(definition, "predict", declarations, space, feed.capacity);
  const { exposed } = logits.graph;
  if (exposed.size === 0) throw new TypeError(`Cannot inspect ${definition.name}: it exposes nothing`);
  const plan = await Plan.create(gpu, {
    name: `${definition.name}.inspect`,
    batch,
    outputs: [logits, ...exposed.values()],
    storage: store,
    inputs: feed.inputs,
  });
  feed.begin(data);
  plan.run([{ rows: batch, first: feed.locate(0), index: 0, seed: 0, lr: 0, slot: 0 }]);
  const result: Record<string, CheckpointTensor> = {};
  for (const [name, tensor] of exposed) {
    const { buffer, offset } = plan.rangeOf(tensor);
    const numbers = new Float32Array(await download(gpu, buffer, 4 * sizeOf(tensor.shape, batch), offset));
    result[name] = { shape: tensor.shape.map((dim) => (dim === "B" ? batch : dim)), data: numbers };
  }
  plan.destroy();
  feed.destroy();
  return result;
}
