/**
 * Reading the checkpoint of a training that is to go on.
 *
 * @module
 */
import { readCheckpoint } from "../host/mod.ts";
import type { Resumption } from "../trainer/context.ts";
import { type ModelHeader, requireSameModel } from "./header.ts";

/**
 * Reads a checkpoint of a model's training.
 *
 * @throws {TypeError} when it is a finished model, or of another one
 */
export async function readResumption(path: string, model: ModelHeader): Promise<Resumption> {
  const checkpoint = await readCheckpoint(path);
  const { training } = checkpoint.header;
  if (!training) throw new TypeError(`Cannot resume "${path}": it is a finished model, not a checkpoint`);
  await requireSameModel(path, checkpoint, model);
  return { training, tensors: checkpoint.tensors };
}
