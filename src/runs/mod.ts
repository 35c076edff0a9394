/**
 * Folders of training runs: what was trained, on what, with which options, and what came of it.
 *
 * @module
 */
export { compareRuns, type Difference, type RunDifferences } from "./differences.ts";
export {
  type EvaluationEvent,
  finiteMetrics,
  type RunEvent,
  type RunPlace,
  type StepEvent,
  type TestEvent,
} from "./events.ts";
export {
  RUN_FILES,
  RUN_STATES,
  type RunAdapter,
  type RunInfo,
  type RunPlan,
  type RunRows,
  type RunState,
} from "./info.ts";
export { findRuns, readRun, readRunInfo, type RecordedRun } from "./read.ts";
export { type RunSummary, type Spread, spreadOf, summarizeRuns } from "./spread.ts";
export type { Json } from "../checkpoint/content.ts";
export type { Evaluation } from "../metrics.ts";
