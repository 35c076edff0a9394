import { readRun } from "../../src/runs/mod.ts";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { MODEL, run, runUntil, SCHEMA, writeData } from "./process.ts";

const TRAIN = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--split", "0.7,0.1,0.2", "--patience", "0"];

Deno.test("train --run keeps a run; interrupted and killed ones go on to the bytes of an undisturbed one", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const args = [...TRAIN, "--epochs", "12"];
    const whole = await run(folder, ...args, "--run", "runs/whole");
    assertEquals(whole.code, 0, whole.err);
    assertStringIncludes(whole.out, "Saved the model to runs/whole/model.weft");
    const { info, events } = await readRun(`${folder}/runs/whole`);
    assertEquals([info.state, info.epochs, info.command], ["finished", 12, [...args, "--run", "runs/whole"]]);
    assertEquals([info.model.name, info.training!.epochs, info.test!.rows], ["deepfm", 12, 80]);
    assertStringIncludes(whole.out, `AUC                   ${info.test!.auc.toFixed(5)}`);
    assertEquals(events.filter(({ kind }) => kind === "epoch").length, 12);
    const files = [...Deno.readDirSync(`${folder}/runs/whole`)].map(({ name }) => name).sort();
    assertEquals(files.map((name) => name.replace(/tfevents\.\d+/, "tfevents.T")), [
      ...[".lock", "checkpoint.weft", "events.out.tfevents.T.weft", "metrics.jsonl", "model.weft", "run.json"],
      "schema.json",
    ]);
    // The schema as it was declared trains the same again.
    const schema = JSON.parse(await Deno.readTextFile(`${folder}/runs/whole/schema.json`));
    assertEquals([schema.label, schema.features.length], ["click", 3]);

    for (const [name, signal, code] of [["stopped", "SIGINT", 130], ["killed", "SIGKILL", 137]] as const) {
      const place = ["--run", `runs/${name}`];
      const ended = await runUntil(folder, "epoch 4/12 ", signal, ...args, ...place, "--checkpoint-every", "3");
      assertEquals(ended.code, code, ended.err);
      assertEquals((await readRun(`${folder}/runs/${name}`)).info.state, "interrupted");
      if (signal === "SIGINT") assertStringIncludes(ended.err, "go on with the same command and --continue\n");
      const again = await run(folder, ...args, ...place);
      assertEquals(again.code, 1, again.err);
      const hint = "received an interrupted one; continue (--continue) goes on with it";
      assertStringIncludes(again.err, hint);
      const resumed = await run(folder, ...args, ...place, "--continue");
      assertEquals(resumed.code, 0, resumed.err);
      assert(!resumed.err.includes("epoch 1/12 "), resumed.err);
      const after = await readRun(`${folder}/runs/${name}`);
      assertEquals([after.info.state, after.info.command], ["finished", [...args, ...place]]);
      assertEquals([after.info.test, after.info.best], [info.test, info.best]);
      const ofEpochs = (all: typeof events) =>
        all.flatMap((event) => event.kind === "epoch" ? [[event.epoch, event.step, event.lr, event.metrics]] : []);
      assertEquals(ofEpochs(after.events), ofEpochs(events));
      const [a, b] = await Promise.all(
        ["whole", name].map((one) => Deno.readFile(`${folder}/runs/${one}/model.weft`)),
      );
      assertEquals(a, b);
    }
  }));

Deno.test("train --run refuses folders with runs and options that do not go together, and records failures", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const refused = async (args: readonly string[], code: number, message: string): Promise<void> => {
      const ended = await run(folder, ...TRAIN, ...args);
      assertEquals(ended.code, code, ended.err);
      assertStringIncludes(ended.err, message);
    };
    await refused(["--continue"], 2, 'option "--continue" needs "--run"');
    await refused(["--tensorboard", "no"], 2, 'option "--tensorboard" needs "--run"');
    await refused(["--run", "a", "--continue", "--resume", "c.weft"], 2, '"--resume" cannot be used with "--continue"');
    await refused(["--run", "a", "--continue"], 1, 'Cannot go on with a run in "a": it must hold an unfinished one');
    const fm = [
      "train",
      "--data",
      "clicks.csv",
      ...SCHEMA,
      "--model",
      "fm",
      "--batch-size",
      "32",
      "--optimizer",
      "sgd",
    ];
    const wild = ["--lr", "1e30", "--epochs", "3", "--run", "a", "--tensorboard", "no"];
    const diverged = await run(folder, ...fm, ...wild);
    assertEquals(diverged.code, 1, diverged.err);
    const { info } = await readRun(`${folder}/a`);
    assertEquals(info.state, "failed");
    assertStringIncludes(diverged.err, info.error!);
    assertNotEquals(info.error, "");
    assert(![...Deno.readDirSync(`${folder}/a`)].some(({ name }) => name.includes("tfevents")));
    await refused(["--run", "a"], 1, 'Cannot start a run in "a": it must hold none, received a failed one; continue');
    const done = await run(folder, ...fm, "--run", "a", "--continue");
    assertEquals(done.code, 0, done.err);
    assertEquals([(await readRun(`${folder}/a`)).info.state, (await readRun(`${folder}/a`)).info.error], [
      "finished",
      undefined,
    ]);
    await refused(["--run", "a"], 1, "received a finished one");
  }));
