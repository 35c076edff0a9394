/**
 * What a model remembers of its training, to be saved with it.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { countFields, countScores, type TrainingStatistics } from "../drift/training_statistics.ts";
import { GpuError } from "../gpu/error.ts";
import { batchSizeOf } from "./options.ts";
import { PredictionError } from "./requirements.ts";
import type { TaskProbabilities } from "./tasks.ts";

/** Most rows that statistics are computed of: enough for shares to be exact to less than a percent. */
const MOST_ROWS = 16_384;

/** Predicts the probability of each label for each row. */
type Predict = (data: Dataset, batchSize: number) => Promise<TaskProbabilities>;

/** The statistics of a training, computed when they are asked for. */
export class TrainingRecord {
  readonly #sample: Dataset;
  readonly #batchSize: number;
  readonly #statistics: TrainingStatistics;

  /** Keeps a sample of the rows. */
  constructor(training: Dataset, validation: Dataset | undefined, batchSize: number | undefined) {
    const source = validation ?? training;
    this.#sample = sampleRows(source);
    this.#batchSize = batchSizeOf("describe training", { batchSize });
    const latest = training.times?.reduce((most, time) => Math.max(most, time), -Infinity);
    this.#statistics = {
      rows: training.rows,
      labelRates: training.schema.tasks.map((_, task) => {
        if (training.schema.real) return null;
        const { known, positives } = training.classesOf(task);
        return known === 0 ? null : positives / known;
      }),
      ...(latest !== undefined && Number.isFinite(latest) && { latest }),
      sampleOf: validation ? "validation" : "training",
      sampleRows: this.#sample.rows,
      fields: countFields(this.#sample),
    };
  }

  /** Statistics without scores, which a training that goes on would change. */
  get unscored(): TrainingStatistics {
    return this.#statistics;
  }

  /** Returns statistics with the scores that the model's parameters give. */
  async scored(predict: Predict): Promise<TrainingStatistics> {
    try {
      const predicted = await predict(this.#sample, this.#batchSize);
      return rescored(this.#statistics, predicted);
    } catch (error) {
      // A model can be saved although it cannot predict, and lacks this part of its statistics.
      if (error instanceof PredictionError || error instanceof GpuError) return this.#statistics;
      throw error;
    }
  }
}

/** Returns statistics with other scores, such as those of a model that was calibrated since. */
export function rescored(statistics: TrainingStatistics, predicted: TaskProbabilities): TrainingStatistics {
  return { ...statistics, scores: Object.values(predicted).map(countScores) };
}

/** Takes evenly spaced rows. */
function sampleRows(data: Dataset): Dataset {
  const count = Math.min(data.rows, MOST_ROWS);
  return data.select(Uint32Array.from({ length: count }, (_, i) => Math.floor(i * data.rows / count)));
}
