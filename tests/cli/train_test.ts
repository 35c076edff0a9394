import { Model } from "../../src/model.ts";
import { statIfThere } from "../../src/files.ts";
import { readCheckpoint } from "../../src/checkpoint.ts";
import { models } from "../../models/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { closeTerminalAt, MODEL, run, SCHEMA, signalAt, start, startLasting, writeData } from "./process.ts";

const TRAIN = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL];
const UNIX = Deno.build.os !== "windows";

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `${signal} saves a checkpoint, or the model so far, also when it comes twice`,
    ignore: !UNIX,
    fn: () =>
      inFolder(async (folder) => {
        await writeData(`${folder}/clicks.csv`, 200);
        const args = [...TRAIN, "--epochs", "100000", "--out", "m.weft"];
        const plain = await signalAt(start(folder, ...args), "epoch 2/100000 ", signal, true);
        assertEquals(plain.code, code, plain.err);
        assertStringIncludes(plain.err, "Interrupted. Saved the model so far to m.weft; ");
        await using model = await Model.load(`${folder}/m.weft`, models, { device: await gpu() });
        assertEquals(model.definition.name, "deepfm");
        const resumable = await signalAt(start(folder, ...args, "--checkpoint", "c.weft"), "epoch 2/100000 ", signal);
        assertEquals(resumable.code, code, resumable.err);
        const { step } = (await readCheckpoint(`${folder}/c.weft`)).header.training as { step: number };
        assert(step >= 14, `${step} steps`);
      }),
  });
}

Deno.test({
  name: "a training that was started to outlive its terminal ignores SIGHUP",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 200);
      const { code, err } = await signalAt(startLasting(folder, ...TRAIN, "--epochs", "30"), "epoch 2/30 ", "SIGHUP");
      assertEquals(code, 0, err);
      assertStringIncludes(err, "epoch 30/30 ");
    }),
});

Deno.test({
  name: "a training whose terminal is closed saves its model",
  ignore: Deno.build.os !== "linux" || !(await statIfThere("/usr/bin/script")),
  fn: () =>
    inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 200);
      await closeTerminalAt(folder, "epoch 3/100000 ", [...TRAIN, "--epochs", "100000", "--out", "m.weft"]);
      for (let waits = 0; waits < 600 && !(await statIfThere(`${folder}/m.weft`)); waits++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await using model = await Model.load(`${folder}/m.weft`, models, { device: await gpu() });
      assertEquals(model.definition.name, "deepfm");
    }),
});

Deno.test("a file that cannot be written is noticed before training", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 100);
    const paths = ["absent/m.weft", ".", ...(Deno.build.os === "linux" ? ["/proc/m.weft"] : [])];
    for (const path of paths) {
      for (const option of ["--out", "--checkpoint", "--profile"]) {
        const { code, err } = await run(folder, ...TRAIN, option, path);
        assertEquals(code, 1, err);
        assertMatch(err, new RegExp(`^Cannot (save|write) "${path.replaceAll(".", "\\.")}": `, "m"));
        assert(!err.includes("epoch 1/1"), err);
      }
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["clicks.csv"]);
  }));

Deno.test("validation rows of one class train by logloss, and are refused for AUC before training", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const lines = (await Deno.readTextFile(`${folder}/clicks.csv`)).split("\n");
    const negatives = lines.filter((line) => line.startsWith("no"));
    await Deno.writeTextFile(`${folder}/no.csv`, [lines[0], ...negatives].join("\n"));
    const args = [...TRAIN, "--validation", "no.csv", "--test", "no.csv", "--epochs", "2", "--out", "m.weft"];
    const refused = await run(folder, ...args);
    assertEquals(refused.code, 1);
    assertStringIncludes(
      refused.err,
      'Cannot train: the monitor "auc" cannot be computed on the validation data: labels',
    );
    assert(!refused.err.includes("epoch 1/2"), refused.err);
    const trained = await run(folder, ...args, "--monitor", "logloss");
    assertEquals(trained.code, 0, trained.err);
    assertMatch(trained.err, /training: done after 2 epochs, .* s, epoch \d kept: validation logloss 0\.\d+/);
    const why = `labels hold only one class, received 0 positives of ${negatives.length} rows`;
    assertStringIncludes(trained.out, `AUC                   - (${why})\n`);
    assertMatch(trained.out, /\nlogloss +0\.\d+\n/);
    const evaluated = await run(folder, "evaluate", "--model-file", "m.weft", "--data", "no.csv");
    assertEquals(evaluated.code, 0, evaluated.err);
    assertStringIncludes(evaluated.out, `AUC                   - (${why})\n`);
  }));

Deno.test("training goes on from yesterday's model on today's rows", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 300);
    const day1 = await run(folder, ...TRAIN, "--epochs", "30", "--out", "day1.weft");
    assertEquals(day1.code, 0, day1.err);
    await writeData(`${folder}/today.csv`, 100, ["no,new,i1,4", "yes,u1,other,4"]);
    const on = ["train", "--data", "today.csv", "--from", "day1.weft", "--batch-size", "32"];
    const day2 = await run(folder, ...on, "--lr", "0.0001", "--out", "day2.weft");
    assertEquals(day2.code, 0, day2.err);
    const [first, second] = await Promise.all(["day1", "day2"].map(async (day) => {
      await using model = await Model.load(`${folder}/${day}.weft`, models, { device: await gpu() });
      return { table: (await model.parameters()).embedding.data as Float32Array, rows: model.schema.rowCount };
    }));
    assertEquals(second.rows, first.rows);
    assert(second.table.some((x, i) => x !== first.table[i]));
    assert(second.table.every((x, i) => Math.abs(x - first.table[i]) < 0.01));
    const split = await run(folder, ...on, "--split", "0.8,0.2", "--epochs", "2", "--out", "day2.weft");
    assertEquals(split.code, 0, split.err);
    assertStringIncludes(split.err, "training: 82 rows");
    for (const more of [["--categorical", "user"], ["--dim", "4"], ["--missing", "NA"]]) {
      const refused = await run(folder, ...on, ...more);
      assertEquals([refused.code, refused.err], [
        2,
        `Cannot run train: option "${more[0]}" cannot be used with "--from"\n`,
      ]);
    }
  }));

Deno.test("a training that diverges leaves the files of before and says what it left", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const args = ["train", "--data", "clicks.csv", ...SCHEMA, "--model", "fm", "--batch-size", "32", "--out", "m.weft"];
    assertEquals((await run(folder, ...args)).code, 0);
    const before = await Deno.readFile(`${folder}/m.weft`);
    const wild = [...args, "--optimizer", "sgd", "--lr", "1e30", "--epochs", "3", "--checkpoint", "c.weft"];
    const { code, err } = await run(folder, ...wild, "--checkpoint-every", "1");
    assertEquals(code, 1);
    assertMatch(err, /\nCannot go on training: (after step \d+, ".+" must be|the loss is not) finite/);
    assertEquals(await Deno.readFile(`${folder}/m.weft`), before);
    if (await statIfThere(`${folder}/c.weft`)) {
      const { tensors } = await readCheckpoint(`${folder}/c.weft`);
      for (const { data } of Object.values(tensors)) assert(data.every((x) => Number.isFinite(Number(x))));
      assertStringIncludes(err, "; the last checkpoint, c.weft, is intact");
    }
  }));

Deno.test("--embedding-std draws the first embeddings, which a model to go on from has already", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 40);
    const wide = await run(folder, ...TRAIN, "--epochs", "1", "--embedding-std", "3", "--out", "wide.weft");
    assertEquals(wide.code, 0, wide.err);
    await using model = await Model.load(`${folder}/wide.weft`, models, { device: await gpu() });
    const { embedding: { data } } = await model.parameters();
    const deviation = Math.sqrt(Array.from(data, Number).reduce((sum, x) => sum + x * x, 0) / data.length);
    assert(deviation > 2 && deviation < 4, `${deviation}`);
    const again = ["train", "--data", "clicks.csv", "--from", "wide.weft", "--embedding-std", "3"];
    const refused = await run(folder, ...again);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.err, "--embedding-std");
  }));

Deno.test("--loss and its options reach training, and unknown ones are refused", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 40);
    const args = [...TRAIN, "--epochs", "1", "--out", "m.weft", "--loss", "focal", "--loss-options"];
    const { code, err } = await run(folder, ...args, "gamma=1,alpha=null", "--checkpoint", "c.weft");
    assertEquals(code, 0, err);
    const { recipe } = (await readCheckpoint(`${folder}/c.weft`)).header.training as { recipe: { loss: unknown } };
    const smoothing = { kept: 1, added: 0 };
    assertEquals(recipe.loss, { name: "focal", smoothing, constants: { GAMMA: 1, ALPHA: -1 } });
    for (const [options, message] of [["gamma=x", "gamma must be at least 0"], ["positiveWeight=2", "has no option"]]) {
      const refused = await run(folder, ...args, options);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, message);
    }
  }));

Deno.test("--schedule and --warmup-steps give the learning rate by step", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const args = [...TRAIN, "--epochs", "2", "--out", "m.weft"];
    const { code, err } = await run(folder, ...args, "--schedule", "polynomial", "--warmup-steps", "2");
    assertEquals(code, 0, err);
    const rates = [...err.matchAll(/lr ([0-9.e-]+)/g)].map(([, rate]) => Number(rate));
    // The last of 12 steps after the warm-up: 0.01 (1 - 11 / 12).
    assert(rates.at(-1)! < 0.001, err);
    const refusals = [
      [["--schedule", "cosine", "--lr-factor", "0.5"], '"--lr-factor" cannot be used with "--schedule"'],
      [["--warmup-steps", "5000"], '"--warmup-steps" must be below'],
      [["--schedule", "steps"], "--schedule"],
    ] as const;
    for (const [options, message] of refusals) {
      const refused = await run(folder, ...args, ...options);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, message);
    }
  }));

Deno.test("fewer negatives are corrected for, and calibrate saves curves with the model", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const args = [...TRAIN, "--epochs", "2", "--negative-rate", "0.5", "--out", "m.weft"];
    const trained = await run(folder, ...args);
    assertEquals(trained.code, 0, trained.err);
    const ask = ["--model-file", "m.weft", "--data", "clicks.csv", "--out", "c.weft"];
    const { code, out, err } = await run(folder, "calibrate", ...ask, "--by", "user", "--min-rows", "20");
    assertEquals(code, 0, err);
    assertMatch(out, /^before\n[^]*^after\n[^]*^click: log-odds \S+ z [+-] \S+, and shifts for 7 values of user$/m);
    await using before = await Model.load(`${folder}/m.weft`, models, { device: await gpu() });
    assertEquals(before.calibration, { click: { curve: { kind: "logistic", slope: 1, shift: Math.log(0.5) } } });
    await using after = await Model.load(`${folder}/c.weft`, models, { device: await gpu() });
    assertEquals(after.calibration!.click.slices!.field, "user");
    const predict = async (model: string, ...more: string[]): Promise<string> =>
      (await run(folder, "predict", "--model-file", model, "--data", "clicks.csv", "--out", "-", ...more)).out;
    const inTurn = await run(folder, ...TRAIN, "--epochs", "2", "--epoch-negatives", "0.5", "--out", "t.weft");
    assertEquals(inTurn.code, 0, inTurn.err);
    await using taken = await Model.load(`${folder}/t.weft`, models, { device: await gpu() });
    assertEquals(taken.calibration, before.calibration);
    const plain = await predict("m.weft", "--uncalibrated");
    assertEquals(await predict("c.weft", "--uncalibrated"), plain);
    assert(await predict("c.weft") !== plain && await predict("m.weft") !== plain);
    const refusals = [[["--method", "beta"], "--method"], [["--min-rows", "3"], 'needs "--by"']] as const;
    for (const [options, message] of refusals) {
      const refused = await run(folder, "calibrate", ...ask, ...options);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, message);
    }
  }));

Deno.test("--weight names the column of weights, which is neither label nor feature", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 60 }, (_, row) => `${row % 3 === 0 ? "yes" : "no"},u${row % 5},${row % 4}`);
    await Deno.writeTextFile(`${folder}/clicks.csv`, ["click,user,w", ...lines].join("\n"));
    const args = ["train", "--data", "clicks.csv", "--label", "click", "--positive", "yes", "--categorical", "user"];
    const { code, err } = await run(folder, ...args, ...MODEL, "--weight", "w", "--out", "m.weft");
    assertEquals(code, 0, err);
    await using model = await Model.load(`${folder}/m.weft`, models, { device: await gpu() });
    assertEquals(model.schema.weight, "w");
    const evaluated = await run(folder, "evaluate", "--model-file", "m.weft", "--data", "clicks.csv");
    assertEquals(evaluated.code, 0, evaluated.err);
    for (const column of ["click", "user"]) {
      const refused = await run(folder, ...args, ...MODEL, "--weight", column);
      assertEquals(refused.code, 2, refused.err);
      assertStringIncludes(refused.err, `column "${column}" is the weight`);
    }
  }));

Deno.test("train evaluates within epochs and averages weights, and a resumed run gives the same file", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 300);
    const args = [...TRAIN, "--split", "0.8,0.2", "--epochs", "4", "--average", "ema", "--average-every", "3"];
    const often = [...args, "--evaluate-every", "5", "--average-decay", "0.9", "--patience", "20"];
    const whole = await run(folder, ...often, "--out", "whole.weft");
    assertEquals(whole.code, 0, whole.err);
    assertMatch(whole.err, /\nstep 5 +auc 0\.\d{5} +logloss 0\.\d{5}.*\n/);
    assertMatch(whole.err, /training: done after 4 epochs, .* kept: validation AUC 0\.\d{5}, logloss 0\.\d{5}/);
    const half = [...often.map((arg, i) => often[i - 1] === "--epochs" ? "2" : arg), "--checkpoint", "c.weft"];
    assertEquals((await run(folder, ...half, "--out", "half.weft")).code, 0);
    const resumed = await run(folder, ...often, "--resume", "c.weft", "--out", "resumed.weft");
    assertEquals(resumed.code, 0, resumed.err);
    const parametersOf = async (name: string) => {
      await using model = await Model.load(`${folder}/${name}.weft`, models, { device: await gpu() });
      return await model.parameters();
    };
    assertEquals(await parametersOf("resumed"), await parametersOf("whole"));
    for (
      const [more, error] of [
        [["--average-from", "2"], 'option "--average-from" is not for ema'],
        [["--average-decay", "1"], '"--average-decay" must be a number from'],
      ] as const
    ) {
      const { code, err } = await run(folder, ...args, ...more);
      assertEquals(code, 2, err);
      assertStringIncludes(err, error);
    }
    const lone = await run(folder, ...TRAIN, "--evaluate-every", "5");
    assertStringIncludes(lone.err, 'option "--evaluate-every" needs "--validation"');
  }));
