/** A model with names that are HTML, the run that trained it, and its report. */
import { models } from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { collectReport, type Report, type ReportOptions } from "../../src/report/mod.ts";
import { readRun } from "../../src/runs/mod.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

/** What would run, or break a page, if it were not escaped. */
export const EVIL = `<script>alert("1")</script>`;

export const FIELD = `site${EVIL}`;

/** Returns rows for training, validation and test. */
export function parts(): Dataset[] {
  const rows = Array.from({ length: 900 }, (_, i) => {
    const [user, site] = [(i * 5) % 11, (i * 3) % 6];
    const rate = 0.1 + 0.8 * Number((user + site) % 3 === 0);
    return {
      click: Number(((i * 7919) % 1000) / 1000 < rate),
      user: `u${user}`,
      [FIELD]: `s${site}"'&${EVIL}`,
      price: (i * 13) % 50,
    };
  });
  const features = [categorical("user"), categorical(FIELD), numeric("price", { buckets: 5 })];
  return readRows(rows, { label: "click", features }).split([0.6, 0.2, 0.2], { by: "label", seed: 1 });
}

/** Trains a model in a folder and hands its report to a test. */
export async function withReport(
  test: (report: Report, model: Model, data: Dataset) => Promise<void>,
  options: ReportOptions = {},
): Promise<void> {
  await inFolder(async (root) => {
    const [training, validation, rest] = parts();
    const definition = models.autoint({ dim: 4, hidden: [16, 8] });
    await using model = await Model.create(definition, training.schema, { seed: 1, device: await gpu() });
    const run = { folder: `${root}/run`, test: rest };
    await model.fit(training, { validation, epochs: 5, batchSize: 64, optimizer: adam({ lr: 0.01 }), run });
    await model.calibrate(validation);
    const report = await collectReport(model, {
      ...{ title: `run ${EVIL}`, data: rest, dataName: "test.csv", run: await readRun(`${root}/run`) },
      ...{ by: [FIELD, "price"], importance: { repeats: 2 }, resamples: 50 },
      ...options,
    });
    await test(report, model, rest);
  });
}
