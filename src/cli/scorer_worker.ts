/**
 * What a worker of `weft serve` starts with.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import { hostScorer } from "../serve/worker/worker_host.ts";
import { openGpu } from "./device.ts";
import { applyTuning, type TuningFile } from "./tuning.ts";

hostScorer({
  factories: models,
  openGpu: async (tuning, announce) => {
    const gpu = await openGpu({ err: announce });
    await applyTuning(gpu, tuning as TuningFile | undefined, { err: announce });
    return gpu;
  },
});
