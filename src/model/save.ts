/**
 * Writing a model's file.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "../checkpoint/content.ts";
import { describeNotFinite, findNotFinite } from "../checkpoint/finite.ts";
import { writeCheckpoint } from "../host/mod.ts";
import { requireFinite } from "../trainer/checks.ts";
import { formatHeader, type ModelHeader } from "./header.ts";

/**
 * Writes a model, or a checkpoint with the state of training; a file that was there is intact where that fails.
 *
 * @throws {RangeError} when a number is not finite, a {@linkcode DivergenceError} in training
 * @throws {Error} when the file cannot be written
 */
export async function saveModel(
  path: string,
  model: ModelHeader,
  tensors: Readonly<Record<string, CheckpointTensor>>,
  training?: Json,
): Promise<void> {
  if (training) {
    requireFinite(tensors, (training as { step: number }).step);
  } else {
    const found = findNotFinite(tensors);
    if (found) throw new RangeError(`Cannot save "${path}": ${describeNotFinite(found)}`);
  }
  await writeCheckpoint(path, { header: formatHeader(model, training), tensors });
}
