import { deepfm } from "../../models/deepfm.ts";
import { categorical } from "../../src/data/schema.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { Model } from "../../src/model.ts";
import { models } from "../../models/mod.ts";
import { type EvaluationEvent, finiteMetrics, readRun, type RunEvent } from "../../src/runs/mod.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { adam } from "../../src/optimizer.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { eventsOfFile } from "./event_records.ts";
import { inFolder } from "../folder.ts";
import { assertClose, gpu } from "../support.ts";

const DEFINITION = deepfm({ dim: 4, hidden: [8], dropout: 0.1 });

function parts(): Dataset[] {
  const rows: Row[] = Array.from({ length: 240 }, (_, r) => {
    const [user, item] = [(r * 5) % 7, (r * 3) % 4];
    return { click: Number(r % 8 === 0 ? r % 3 === 0 : (user + item) % 2 === 0), user: `u${user}`, item: `i${item}` };
  });
  const data = readRows(rows, { label: "click", features: [categorical("user"), categorical("item")] });
  return data.split([0.6, 0.2, 0.2], { by: "label", seed: 1 });
}

const OPTIMIZER = adam({ lr: 0.01 });
const OPTIONS: FitOptions = { epochs: 4, batchSize: 32, optimizer: OPTIMIZER, evaluateEvery: { steps: 3 } };

/** What happened, without times. */
const timeless = (events: readonly RunEvent[]): unknown[] =>
  events.map((event) => event.kind === "test" ? event : { ...event, seconds: 0, rowsPerSecond: 0 });

Deno.test("fit keeps a record, a checkpoint and the model in the folder of a run, and tells callbacks as well", () =>
  inFolder(async (root) => {
    const [training, validation, test] = parts();
    await using model = await Model.create(DEFINITION, training.schema, { seed: 3, device: await gpu() });
    const folder = `${root}/run`;
    const told: number[] = [];
    const onEpoch = ({ epoch }: { epoch: number }): void => void told.push(epoch);
    const history = await model.fit(training, { ...OPTIONS, validation, run: { folder, test }, onEpoch });
    assertEquals(told, [1, 2, 3, 4]);
    const { info, events } = await readRun(folder);
    assertEquals([info.state, info.epochs, info.seed, info.command], ["finished", 4, 3, []]);
    assertEquals(info.model, {
      name: "deepfm",
      options: JSON.parse(JSON.stringify(DEFINITION.options)),
      parameters: model.parameterCount,
    });
    assertEquals([info.training!.batchSize, info.training!.evaluateEvery], [32, { steps: 3 }]);
    const { name, lr, embeddingUpdate, constants } = OPTIMIZER;
    assertEquals(info.training!.optimizer, { name, lr, embeddingUpdate, constants });
    assertEquals([info.best, info.bestEpoch], [history.bestMetrics, history.bestEpoch]);
    assertEquals(info.test, await model.evaluate(test));
    assertEquals(info.schema, await training.schema.fingerprint());
    assertEquals([info.data.training.rows, info.data.test!.positives], [training.rows, test.positives]);
    assert(Object.keys(info.kernels!).length > 0 && info.adapter.backend === "deno" && info.seconds! > 0);
    const steps = Math.ceil(training.rows / 32);
    const ofEpochs = events.filter((event): event is EvaluationEvent => event.kind === "epoch");
    assertEquals(ofEpochs.map(({ epoch, step }) => [epoch, step]), told.map((epoch) => [epoch, epoch * steps]));
    assertEquals(ofEpochs.map(({ loss }) => loss), history.epochs.map(({ loss }) => loss));
    assertEquals(ofEpochs.map(({ metrics }) => metrics.auc), history.epochs.map((epoch) => epoch.validation!.auc));
    // The evaluation at the end of an epoch, such as that after 15 steps, is the epoch's.
    const within = events.flatMap((event) => event.kind === "evaluation" ? [event.step] : []);
    assertEquals([steps, within], [5, [3, 6, 9, 12, 18]]);
    const ofSteps = events.flatMap((event) => event.kind === "step" ? [event] : []);
    assertEquals(ofSteps.map(({ step }) => step), Array.from({ length: 4 * steps }, (_, step) => step + 1));
    const first = ofSteps.slice(0, steps).map(({ loss }, i) => loss * Math.min(32, training.rows - 32 * i));
    assertClose([first.reduce((sum, x) => sum + x, 0) / training.rows], [history.epochs[0].loss], "mean loss");
    assertEquals(events.at(-1), { kind: "test", metrics: finiteMetrics(info.test) });
    await using loaded = await Model.load(`${folder}/model.weft`, models, { device: await gpu() });
    assertEquals(await loaded.predict(test), await model.predict(test));
    await assertRejects(() => model.fit(training, { run: folder }), Error, "must hold none, received a finished one");
    await assertRejects(
      () => model.fit(training, { run: { folder, continue: true } }),
      Error,
      "received a finished one",
    );
  }));

Deno.test("a run that was interrupted goes on to the same model and the same record", () =>
  inFolder(async (root) => {
    const [training, validation, test] = parts();
    const fit = async (folder: string, stopAt: number, more: Partial<FitOptions["run"] & object> = {}) => {
      await using model = await Model.create(DEFINITION, training.schema, { seed: 3, device: await gpu() });
      const controller = new AbortController();
      const onEvaluation = ({ step }: { step: number }): void => {
        if (step === stopAt) controller.abort();
      };
      const run = { folder, test, ...more };
      return await model.fit(training, { ...OPTIONS, validation, run, signal: controller.signal, onEvaluation });
    };
    await fit(`${root}/whole`, 0);
    const { ended } = await fit(`${root}/parts`, 9);
    assertEquals(ended, "interrupted");
    const before = await readRun(`${root}/parts`);
    assertEquals([before.info.state, before.info.epochs, before.info.test], ["interrupted", 1, undefined]);
    // What was written behind the checkpoint, as by a process that was killed, happens again.
    const later = { kind: "step", epoch: 2, step: 1000, seconds: 9, loss: 1, lr: 1 };
    await Deno.writeTextFile(`${root}/parts/metrics.jsonl`, `${JSON.stringify(later)}\n{"kind"`, { append: true });
    await fit(`${root}/parts`, 0, { continue: true });
    const [whole, parted] = await Promise.all(["whole", "parts"].map((name) => readRun(`${root}/${name}`)));
    const told = ({ events }: typeof whole) => timeless(events);
    // The loss since an epoch began is known from the resumption on.
    const withoutLoss = (events: unknown[]) =>
      events.map((event) => (event as RunEvent).kind === "step" ? event : { ...event as object, loss: 0 });
    assertEquals(withoutLoss(told(parted)), withoutLoss(told(whole)));
    assertEquals(parted.info.best, whole.info.best);
    assertEquals([parted.info.state, parted.info.started], ["finished", before.info.started]);
    for (const { folder, events } of [whole, parted]) {
      const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.includes("tfevents"));
      const [, , ...written] = eventsOfFile(await Deno.readFile(`${folder}/${files[0]}`));
      assertEquals(files.length, 1);
      assertEquals(
        written.slice(0, -1).map(({ step }) => step),
        events.flatMap((event) => event.kind === "test" ? [] : [event.step]),
      );
      assertEquals(written.at(-1)!.values["test/auc"], Math.fround(whole.info.test!.auc));
    }
    const bytes = await Promise.all(["whole", "parts"].map((name) => Deno.readFile(`${root}/${name}/model.weft`)));
    assertEquals(bytes[0], bytes[1]);
  }));

Deno.test("a training that fails leaves the reason in its folder", () =>
  inFolder(async (root) => {
    const [training] = parts();
    await using model = await Model.create(DEFINITION, training.schema, { device: await gpu() });
    const options: FitOptions = { ...OPTIONS, evaluateEvery: undefined, run: { folder: root, tensorboard: false } };
    const onEpoch = (): void => {
      throw new Error("enough");
    };
    await assertRejects(() => model.fit(training, { ...options, onEpoch }), Error, "enough");
    const { info, events } = await readRun(root);
    assertEquals([info.state, info.error, info.epochs], ["failed", "enough", 1]);
    assertEquals(events.at(-1)!.kind, "epoch");
    assert(![...Deno.readDirSync(root)].some(({ name }) => name.includes("tfevents")));
  }));
