/**
 * Loading the model of a command.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import type { Gpu } from "../gpu/device.ts";
import { Model } from "../model.ts";
import { describeStorage } from "../model/quantized.ts";
import { describeInputs } from "./sequences.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Loads a model of any kind and names it on stderr. */
export async function loadModel(path: string, gpu: Gpu, streams: Streams): Promise<Model> {
  const model = await Model.load(path, models, { device: gpu });
  const inputs = describeInputs(model.definition, model.schema);
  const size = `${inputs}, ${formatCount(model.parameterCount, "parameter")}`;
  const stored = describeStorage(model.storage);
  streams.err(`model: ${model.definition.name}, ${size}${stored && `, ${stored}`}`);
  return model;
}
