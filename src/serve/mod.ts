/**
 * Serving in code: what {@linkcode serve} takes, and rankers that explore.
 *
 * @module
 */
export { serve, type Server } from "./server.ts";
export type { ServeOptions } from "./options.ts";
export type { ListenOptions } from "../host/mod.ts";
export type { BatchingOptions } from "./batcher.ts";
export type { DriftOptions } from "./drift.ts";
export type { ProcessorUse } from "./processor_way.ts";
export { byScore, epsilonGreedy, plackettLuce } from "./ranking.ts";
export type { RankedCandidate, Ranker, ScoredCandidates } from "./ranking.ts";
export type { LogOptions } from "./request_log.ts";
export type { CanaryPlan } from "./rollout.ts";
export type { RowScorer, Scorer, ScorerOptions, Scores } from "./scorer.ts";
export type { BatchWay } from "./ways.ts";
export type { FieldStatistics, ScoreStatistics, TrainingStatistics } from "../drift/training_statistics.ts";
