/**
 * Reports: one HTML file that shows how a model was trained, what its predictions are worth and what can be wrong with it.
 *
 * @example A report of a model and rows that it was not trained on
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, categorical, deepfm, Model, numeric, readRows } from "../../mod.ts";
 * import { collectReport, renderReport } from "./mod.ts";
 *
 * const rows = Array.from({ length: 400 }, (_, i) => ({ click: Number(i % 7 < 3), user: `u${i % 7}`, price: i % 11 }));
 * const features = [categorical("user"), numeric("price", { buckets: 4 })];
 * const [training, test] = readRows(rows, { label: "click", features }).split([0.5, 0.5], { seed: 1 });
 * await using model = await Model.create(deepfm({ dim: 4, hidden: [8] }), training.schema, { seed: 1 });
 * await model.fit(training, { epochs: 5, batchSize: 50, optimizer: adam({ lr: 0.02 }) });
 *
 * const report = await collectReport(model, { data: test, by: ["user"], importance: true });
 * assert.equal(report.importance?.fields[0].field, "user");
 * assert((await renderReport(report)).startsWith("<!doctype html>")); // writeReport("report.html", report) writes it
 * ```
 *
 * @module
 */
export { collectReport, type ReportOptions } from "./collect.ts";
export {
  type FieldImportance,
  type Importance,
  type ImportanceOptions,
  permutationImportance,
  type Spread,
} from "./measure/importance.ts";
export {
  diagnose,
  diagnoseUnits,
  type Diagnosis,
  type FieldDiagnosis,
  type UnitDiagnosis,
} from "./measure/diagnosis.ts";
export { effectiveRank, informationAbundance, singularValues, symmetricEigenvalues } from "./measure/spectrum.ts";
export type { DescribedModel } from "./measure/tables.ts";
export type { Decile, Point, ScoreBin } from "./measure/curves.ts";
export type { InspectedBars, InspectedPairs, Inspection } from "./measure/inspection.ts";
export type { FieldNorms, NormBin } from "./measure/norms.ts";
export type { MeasuredMetric, RankingCurves, ReliabilityBin, TaskReport } from "./measure/predictions.ts";
export type { FieldSlices, Slice } from "./measure/slices.ts";
export type { Report, ReportedModel } from "./parts.ts";
export { renderReport } from "./render.ts";
export { writeReport } from "./write.ts";
