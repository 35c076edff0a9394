/**
 * Searching for the best options of a training, or of anything else that has a value.
 *
 * @module
 */
export type {
  ChoiceDistribution,
  Distribution,
  FloatDistribution,
  IntDistribution,
  NumberDistribution,
  Value,
} from "./distribution.ts";
export { parameterImportance } from "./importance.ts";
export { type JournalFile, openJournal } from "./journal_file.ts";
export { asha, type AshaOptions, noPruning, type Pruner } from "./pruner.ts";
export type { Direction, Journal, JournalRecord, TrialState } from "./records.ts";
export { grid, random, type Sampler, type SampleRequest } from "./sampler.ts";
export type { SearchEnd } from "./search.ts";
export type {
  Declaration,
  Parameter,
  Params,
  ParamsOf,
  RangeDeclaration,
  SearchSpace,
  Space,
  ValueOf,
  When,
} from "./space.ts";
export type { StudyView, TrialRecord } from "./study.ts";
export { tpe, type TpeOptions } from "./tpe.ts";
export type { Trial } from "./trial.ts";
export { SearchError, tune, type TuneOptions, type TuneResult } from "./tune.ts";
export type { Json } from "../checkpoint/canonical_json.ts";
