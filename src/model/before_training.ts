/**
 * What a model does before it trains: refuse, warn, and read the checkpoint to go on from.
 *
 * @module
 */
import { requireTwoClasses } from "../data/classes.ts";
import type { Dataset } from "../data/dataset.ts";
import { requireDownsampling } from "../data/downsample.ts";
import { requireTrainable, warnBeforeTraining } from "../trainer/checks.ts";
import type { Resumption } from "../trainer/context.ts";
import type { FitOptions } from "../trainer/options.ts";
import { digestCounts, digestRows } from "../trainer/rows_digest.ts";
import type { ModelHeader } from "./header.ts";
import { requireFloat32 } from "./quantized.ts";
import { requireUsable } from "./requirements.ts";
import { readResumption } from "./resumption.ts";

/** What training goes on from, and what a later one needs to go on from it. */
export interface Beginning {
  /** The checkpoint that training goes on from. */
  readonly resume: Resumption | undefined;
  /** Digest of the rows, where training is resumed or can be. */
  readonly rowsDigest: string | undefined;
  /** Digest of given occurrences by row, in the same cases. */
  readonly countsDigest: string | undefined;
}

/**
 * Refuses data and options that a training could not end well with, and reads the checkpoint to resume.
 *
 * @throws {TypeError} when the tables are not float32, the data has another schema or no labels, or the checkpoint is of
 * another training
 * @throws {RangeError} when the data has no rows, all labels are the same, an option is out of its range or the monitored
 * metric cannot be computed
 * @throws {Error} when the checkpoint to write cannot be written
 */
export async function beforeTraining(model: ModelHeader, data: Dataset, options: FitOptions): Promise<Beginning> {
  const { schema, storage } = model;
  requireFloat32("train", storage);
  for (const dataset of [data, options.validation]) if (dataset) await requireUsable("train", schema, dataset);
  requireTwoClasses("train on the data", data);
  await requireTrainable(options, schema);
  if (options.negativeRate !== undefined) requireDownsampling(data, options.negativeRate);
  warnBeforeTraining(options);
  const resume = options.resume === undefined ? undefined : await readResumption(options.resume, model);
  const resumable = resume !== undefined || options.checkpoint !== undefined;
  return {
    resume,
    rowsDigest: resumable ? await digestRows(data, options.validation) : undefined,
    countsDigest: resumable ? await digestCounts(options.l2?.counts) : undefined,
  };
}
