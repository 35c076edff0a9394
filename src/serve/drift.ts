/**
 * Drift: how far served rows and their scores are from those of training.
 *
 * @module
 */
import { formatValue } from "../data/format.ts";
import { type FieldBins, fieldBins, MISSING_BIN, rangeOf, UNSEEN_BIN } from "../drift/bins.ts";
import { stabilityIndex, sumOf } from "../drift/psi.ts";
import type { TrainingStatistics } from "../drift/training_statistics.ts";
import { SlidingCounts } from "../drift/window.ts";
import { givenOf } from "./given.ts";
import type { RequestObserver, RequestSuccess, ServedModel } from "./served_model.ts";

/** What is taken for drift. A limit turns a model red when it is reached, and amber at half of it. */
export interface DriftOptions {
  /** Limit of the population stability index of scores, and of each field. @default {0.2} */
  readonly psi?: number;
  /** Limit of the share of unseen values of a field, beyond that of training. @default {0.2} */
  readonly unseen?: number;
  /** Limit of the share of missing values of a field, beyond that of training. @default {0.2} */
  readonly missing?: number;
  /** Rows, or values of a field, that must have been served before anything is said of them. @default {1000} */
  readonly minRows?: number;
  /** How long served rows count, in ms. @default {600000} */
  readonly windowMs?: number;
}

/** How bad it is; unknown where training left no statistics, or too few rows were served. */
export type DriftLevel = "green" | "amber" | "red" | "unknown";

/** Drift of a field or sequence. */
export interface FieldDrift {
  /** Name of the field. */
  readonly name: string;
  /** Values that were counted. */
  readonly count: number;
  /** Population stability index against training; NaN where it is unknown. */
  readonly psi: number;
  /** Share of unseen values. */
  readonly unseen: number;
  /** Share of missing values. */
  readonly missing: number;
  /** Share of unseen values in training; NaN where it is unknown. */
  readonly trainedUnseen: number;
  /** Share of missing values in training; NaN where it is unknown. */
  readonly trainedMissing: number;
  /** How bad it is. */
  readonly level: DriftLevel;
}

/** Drift of the scores of a task. */
export interface ScoreDrift {
  /** Name of the task. */
  readonly task: string;
  /** Population stability index against training; NaN where it is unknown. */
  readonly psi: number;
  /** Ascending edges between the bins. */
  readonly edges: readonly number[];
  /** Served scores by bin. */
  readonly counts: readonly number[];
  /** Scores of training by bin; empty where they are unknown. */
  readonly trained: readonly number[];
  /** How bad it is. */
  readonly level: DriftLevel;
}

/** Drift of a version of a model. */
export interface DriftReport {
  /** The worst of all levels. */
  readonly level: DriftLevel;
  /** Rows that were served within the window. */
  readonly rows: number;
  /** Scores by task. */
  readonly scores: readonly ScoreDrift[];
  /** Fields, and then sequences. */
  readonly fields: readonly FieldDrift[];
}

/** Edges of scores where training left none. */
const TENTHS = Array.from({ length: 9 }, (_, k) => (k + 1) / 10);

const LEVELS: readonly DriftLevel[] = ["unknown", "green", "amber", "red"];

/** Returns the worst of some levels. */
export function worstLevel(levels: readonly DriftLevel[]): DriftLevel {
  return LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))];
}

/** Counts of a model within the window: its rows, then scores by task and bin, then values by field and bin. */
class ModelCounts {
  readonly scoreEdges: readonly (readonly number[])[];
  readonly fields: readonly FieldBins[];
  readonly counts: SlidingCounts;

  constructor({ tasks, schema, trained }: ServedModel, windowMs: number) {
    this.scoreEdges = tasks.map((_, task) => trained?.scores?.[task].edges ?? TENTHS);
    this.fields = fieldBins(schema, (field) => trained?.fields[field].edges ?? []);
    const scoreBins = this.scoreEdges.reduce((sum, { length }) => sum + length + 1, 0);
    this.counts = new SlidingCounts(this.fields.reduce((sum, { length }) => sum + length, 1 + scoreBins), windowMs);
  }

  add({ data, scores, given }: RequestSuccess, now: number): void {
    const counts = this.counts.at(now);
    counts[0] += data.rows;
    let start = 1;
    this.scoreEdges.forEach((edges, task) => {
      for (const score of scores[task].scores) counts[start + rangeOf(edges, score)]++;
      start += edges.length + 1;
    });
    for (const { columns, length, count } of this.fields) {
      // What all candidates of a request have in common says no more than one row does.
      const isShared = columns.every((column) => given?.shared?.has(column));
      count(data, counts.subarray(start, start + length), 0, isShared ? 1 : data.rows);
      start += length;
    }
  }
}

/** Compares what models serve with what they were trained on. */
export class DriftMonitor implements RequestObserver {
  readonly #limits: Required<DriftOptions>;
  readonly #now: () => number;
  readonly #models = new WeakMap<ServedModel, ModelCounts>();

  /**
   * Counts nothing yet.
   *
   * @param now the time in ms, which never goes back
   * @throws {RangeError} when an option is out of its range
   */
  constructor(options: DriftOptions = {}, now: () => number = () => performance.now()) {
    this.#limits = checkLimits(options);
    this.#now = now;
  }

  /** The limits that hold. */
  get limits(): Required<DriftOptions> {
    return this.#limits;
  }

  /** Counts the rows and scores of a request. */
  onSuccess(model: ServedModel, event: RequestSuccess): void {
    this.#countsOf(model).add(event, this.#now());
  }

  /** Tells how far a model's rows of the window are from those of training. */
  report(model: ServedModel): DriftReport {
    const { scoreEdges, fields: bins, counts: window } = this.#countsOf(model);
    const counts = window.sum(this.#now());
    let end = 1;
    const next = (length: number): Uint32Array => counts.subarray(end, end += length);
    const scores = scoreEdges.map((edges, task) => this.#scoreDrift(model, task, edges, next(edges.length + 1)));
    const fields = bins.map(({ name, length }, f) => this.#fieldDrift(name, next(length), f, model.trained));
    const level = worstLevel([...scores, ...fields].map((part) => part.level));
    return { level, rows: counts[0], scores, fields };
  }

  #countsOf(model: ServedModel): ModelCounts {
    const known = this.#models.get(model);
    if (known) return known;
    const created = new ModelCounts(model, this.#limits.windowMs);
    this.#models.set(model, created);
    return created;
  }

  #scoreDrift(
    { tasks, trained }: ServedModel,
    task: number,
    edges: readonly number[],
    counts: Uint32Array,
  ): ScoreDrift {
    const before = trained?.scores?.[task].counts ?? [];
    const psi = before.length > 0 ? stabilityIndex(before, counts) : NaN;
    const level = sumOf(counts) < this.#limits.minRows ? "unknown" : levelOf(psi / this.#limits.psi);
    return { task: tasks[task], psi, edges, counts: [...counts], trained: before, level };
  }

  #fieldDrift(name: string, counts: Uint32Array, f: number, trained: TrainingStatistics | undefined): FieldDrift {
    const { psi: psiLimit, unseen: unseenLimit, missing: missingLimit, minRows } = this.#limits;
    const before = trained?.fields[f].counts;
    // Vocabularies are fitted to the training rows, so that these tell nothing about unseen values.
    const from = trained?.sampleOf === "training" ? withoutUnseen : (all: ArrayLike<number>) => all;
    const psi = before ? stabilityIndex(from(before), from(counts)) : NaN;
    const [count, total] = [sumOf(counts), before ? sumOf(before) : 0];
    const [unseen, missing] = [UNSEEN_BIN, MISSING_BIN].map((bin) => counts[bin] / count);
    const [trainedUnseen, trainedMissing] = [UNSEEN_BIN, MISSING_BIN].map((bin) => before ? before[bin] / total : NaN);
    const excess = [(unseen - trainedUnseen) / unseenLimit, (missing - trainedMissing) / missingLimit];
    const level = count < minRows ? "unknown" : worstLevel([psi / psiLimit, ...excess].map(levelOf));
    return { name, count, psi, unseen, missing, trainedUnseen, trainedMissing, level };
  }
}

/** Returns the level of a number by its share of the limit. */
function levelOf(share: number): DriftLevel {
  if (Number.isNaN(share)) return "unknown";
  return share >= 1 ? "red" : share >= 0.5 ? "amber" : "green";
}

function withoutUnseen(counts: ArrayLike<number>): number[] {
  return Array.from(counts).filter((_, bin) => bin !== UNSEEN_BIN);
}

function checkLimits(options: DriftOptions): Required<DriftOptions> {
  const given = givenOf(options);
  const limits = { psi: 0.2, unseen: 0.2, missing: 0.2, minRows: 1000, windowMs: 600_000, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) continue;
    throw new RangeError(`Cannot watch for drift: ${name} must be above 0, received ${formatValue(value)}`);
  }
  return limits;
}
