/**
 * Ties what training tells to the progress display.
 *
 * @module
 */
import type { PlanDescription } from "../graph/plan.ts";
import { numbersOf } from "../metrics.ts";
import { isFurtherMetric } from "../metrics/names.ts";
import type { Progress } from "../progress.ts";
import type { EpochReport, FitOptions } from "../trainer/options.ts";
import type { Streams } from "./streams.ts";
import { describeTuning } from "./tuning.ts";

/** What of a run decides what is shown. */
export interface Followed {
  /** Options of training. */
  readonly fit: Pick<FitOptions, "resume"> & { readonly epochs: number };
  /** Whether to tell what a step runs. */
  readonly summary?: boolean;
}

/** Returns callbacks that show what training tells. */
export function follow(
  progress: Progress,
  { fit: { epochs, resume }, summary }: Followed,
  streams: Streams,
): Partial<FitOptions> {
  let epoch = 0;
  // The command gave the same warnings before it opened the device.
  const onWarning = (): void => {};
  const begin = (next: number, step = 0): void => {
    epoch = next;
    progress.startEpoch(next, step);
  };
  return {
    onWarning,
    onTuning: (event) => streams.err(describeTuning(event)),
    onPlan: (plan) => {
      if (summary) streams.err(`${describePlan(plan)}\n`);
      if (!resume) begin(1);
    },
    onProgress: (event) => {
      // Where a resumed run begins is known from what it tells first.
      if (event.epoch !== epoch) begin(event.epoch, event.step);
      progress.update(event.step, Number.isNaN(event.loss) ? undefined : event.loss);
    },
    onEvaluation: (report) => {
      const metrics = Object.entries(metricsOf(report)).filter(([name]) => name !== "lr");
      const shown = metrics.map(([name, value]) => `${name} ${value.toFixed(5)}`).join("  ");
      progress.note(`step ${report.step}  ${shown}${report.improved ? "" : "  no better"}`);
    },
    onEpoch: (report) => {
      progress.endEpoch(metricsOf(report));
      if (report.epoch < epochs) begin(report.epoch + 1);
    },
  };
}

/** Tells what a step runs, and the memory of its intermediate tensors. */
function describePlan(plan: PlanDescription): string {
  const { dispatches, longestChain, arenaBytes, peakBytes, tensorBytes } = plan;
  const [arena, peak, unshared] = [arenaBytes, peakBytes, tensorBytes].map((bytes) => (bytes / 1e6).toFixed(1));
  return `step: ${dispatches} dispatches, ${longestChain} of them in the longest chain; arena ${arena} MB, at most ${peak} MB in use, ` +
    `${unshared} MB without sharing`;
}

function metricsOf({ validation, lr }: Pick<EpochReport, "validation" | "lr">): Record<string, number> {
  const { auc, concordance, logloss, rmse, mae, notes } = validation ?? {};
  const further = Object.entries(validation ? numbersOf(validation) : {}).filter(([name]) => isFurtherMetric(name));
  return {
    ...(auc !== undefined && !notes?.auc && { auc }),
    ...(concordance !== undefined && !notes?.concordance && { concordance }),
    ...(logloss !== undefined && !notes?.logloss && { logloss }),
    ...(rmse !== undefined && { rmse }),
    ...(mae !== undefined && { mae }),
    ...Object.fromEntries(further.filter(([, value]) => !Number.isNaN(value))),
    lr,
  };
}
