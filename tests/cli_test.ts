import { readCheckpoint } from "../src/checkpoint.ts";
import { statIfThere } from "../src/files.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { MODEL, run, runUntil, SCHEMA, writeData } from "./cli/process.ts";
import { inFolder } from "./folder.ts";

Deno.test("train, evaluate and predict agree with each other", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const split = ["--split", "0.7,0.1,0.2", "--split-by", "position", "--epochs", "20", "--patience", "0"];
    const trained = await run(folder, "train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, ...split);
    assertEquals(trained.code, 0, trained.err);
    assertMatch(trained.err, /training: 280 rows.*\nvalidation: 40 rows.*\ntest: 80 rows/);
    assertMatch(trained.err, /epoch 20\/20 .* auc 0\.\d+ /);
    assertStringIncludes(trained.out, "Saved the model to deepfm.weft\n");
    assert(Number(trained.out.match(/AUC +(\S+)/)![1]) > 0.85, trained.out);

    const lines = (await Deno.readTextFile(`${folder}/clicks.csv`)).split("\n");
    await Deno.writeTextFile(`${folder}/test.csv`, [lines[0], ...lines.slice(-80)].join("\n"));
    const evaluated = await run(folder, "evaluate", "--model-file", "deepfm.weft", "--data", "test.csv");
    assertEquals(evaluated.code, 0, evaluated.err);
    const reportOf = (out: string): string => out.slice(out.indexOf("rows  "), out.lastIndexOf(" %"));
    assertEquals(reportOf(evaluated.out), reportOf(trained.out));

    const unlabeled = lines.map((line) => line.slice(line.indexOf(",") + 1));
    await Deno.writeTextFile(`${folder}/new.csv`, [unlabeled[0], ...unlabeled.slice(-80)].join("\n"));
    const predicted = await run(folder, "predict", "--model-file", "deepfm.weft", "--data", "new.csv", "--out", "-");
    assertEquals(predicted.code, 0, predicted.err);
    const [header, ...probabilities] = predicted.out.trimEnd().split("\n");
    assertEquals([header, probabilities.length], ["probability", 80]);
    const labels = lines.slice(-80).map((line) => line.startsWith("yes"));
    const hits = labels.filter((label, row) => label === Number(probabilities[row]) > 0.5);
    assert(hits.length > 60, `${hits.length} of 80 rows are on the right side of 0.5`);
  }));

Deno.test("a malformed row ends training with its line, or is left out and counted", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 100, ["yes,u1", "no,u2,i1,cheap", "no,u3,i1,4"]);
    const args = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--model", "fm"].filter((_, at, all) =>
      !["--hidden", "--dropout"].includes(all[at]) && !["--hidden", "--dropout"].includes(all[at - 1])
    );
    const refused = await run(folder, ...args);
    assertEquals([refused.code, refused.out], [1, ""]);
    assertEquals(refused.err, 'Cannot read "clicks.csv" line 102: expected 4 fields, received 2\n');

    const skipped = await run(folder, ...args, "--on-bad-row", "skip", "--profile", "trace.json", "--out", "fm.weft");
    assertEquals(skipped.code, 0, skipped.err);
    assertStringIncludes(skipped.err, "Left out 2 malformed rows:\n  clicks.csv:102: expected 4 fields, received 2\n");
    assertStringIncludes(skipped.err, '  clicks.csv:103: field "price": expected a finite number, received "cheap"\n');
    assertStringIncludes(skipped.err, "training: 101 rows");
    assertMatch(skipped.err, /kernel +calls +ms +ms each +share +GB\/s +GFLOP\/s\n/);
    assert(JSON.parse(await Deno.readTextFile(`${folder}/trace.json`)).traceEvents.length > 20);
  }));

Deno.test("an fnn starts from a trained fm", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const args = ["train", "--data", "clicks.csv", ...SCHEMA, "--dim", "4", "--batch-size", "64", "--epochs", "3"];
    assertEquals((await run(folder, ...args, "--model", "fm", "--out", "fm.weft")).code, 0);
    const network = [...args, "--model", "fnn", "--hidden", "8", "--lr", "1e-9"];
    const { code, err } = await run(folder, ...network, "--from-fm", "fm.weft");
    assertEquals([code, err.includes("Cannot")], [0, false]);
    const [fm, fnn] = await Promise.all(["fm", "fnn"].map((name) => readCheckpoint(`${folder}/${name}.weft`)));
    const [own, given] = [fnn, fm].map(({ tensors }) => Array.from(tensors.embedding.data as Float32Array));
    assert(own.every((value, i) => Math.abs(value - given[i]) < 1e-6));
    assert(given.some((value) => Math.abs(value) > 1e-3));
    const refused = await run(folder, ...args, "--model", "dnn", "--from-fm", "fm.weft");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, 'models must be "fnn" and "fm", received "dnn" and "fm"');
  }));

Deno.test("an interrupted and a killed run, resumed, give the bytes of an undisturbed one", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const args = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--split", "0.8,0.2", "--epochs", "12"]
      .concat(["--patience", "100", "--lr-factor", "1", "--monitor", "logloss"]);
    const model = (name: string): Promise<Uint8Array> => Deno.readFile(`${folder}/${name}.weft`);

    const undisturbed = await run(folder, ...args, "--out", "a.weft");
    assertEquals(undisturbed.code, 0, undisturbed.err);

    const interrupted = await runUntil(
      folder,
      "epoch 3/12 ",
      "SIGINT",
      ...[...args, "--out", "b.weft", "--checkpoint", "b.ckpt"],
    );
    assertEquals(interrupted.code, 130, interrupted.err);
    assertStringIncludes(interrupted.err, "Stopping after the current step");
    assertStringIncludes(interrupted.err, "Interrupted. Saved a checkpoint to b.ckpt; ");
    const { epoch } = (await readCheckpoint(`${folder}/b.ckpt`)).header.training as { epoch: number };
    assert(epoch >= 2 && epoch < 12, `${epoch} epochs before the interruption`);
    const resumed = await run(folder, ...args, "--out", "b.weft", "--resume", "b.ckpt");
    assertEquals(resumed.code, 0, resumed.err);
    assert(!resumed.err.includes("epoch 2/12 "), resumed.err);
    assertEquals(await model("b"), await model("a"));

    const checkpoint = ["--checkpoint", "c.ckpt", "--checkpoint-every", "3"];
    const killed = await runUntil(folder, "epoch 4/12 ", "SIGKILL", ...args, "--out", "c.weft", ...checkpoint);
    assertNotEquals(killed.code, 0);
    const { step } = (await readCheckpoint(`${folder}/c.ckpt`)).header.training as { step: number };
    assertEquals([step % 3 === 0 || step % 10 === 0, await statIfThere(`${folder}/c.weft`)], [true, undefined]);
    assertEquals((await run(folder, ...args, "--out", "c.weft", "--resume", "c.ckpt")).code, 0);
    assertEquals(await model("c"), await model("a"));
  }));

Deno.test("without a checkpoint, an interruption saves the model so far", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const args = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "100000", "--out", "m.weft"];
    const { code, err } = await runUntil(folder, "epoch 2/100000 ", "SIGINT", ...args);
    assertEquals(code, 130, err);
    assertStringIncludes(err, "Interrupted. Saved the model so far to m.weft; ");
    const predicted = await run(folder, "predict", "--model-file", "m.weft", "--data", "clicks.csv");
    assertEquals([predicted.code, predicted.out], [0, ""], predicted.err);
    assertEquals((await Deno.readTextFile(`${folder}/predictions.csv`)).split("\n").length, 202);
  }));

Deno.test("failures end with code 1 and one line; --debug adds the stack", () =>
  inFolder(async (folder) => {
    const args = ["evaluate", "--model-file", "absent.weft", "--data", "absent.csv"];
    const plain = await run(folder, ...args);
    assertEquals([plain.code, plain.out], [1, ""]);
    assertMatch(plain.err, /^device: .*\nCannot load "absent.weft": .*\n$/);
    assertMatch((await run(folder, ...args, "--debug")).err, /\n {4}at .*\n(.*\n)*Caused by: /);
    const misspelt = await run(folder, "train", "--epoch", "5");
    assertEquals(misspelt, {
      code: 2,
      out: "",
      err: 'Cannot run train: no option "--epoch", did you mean "--epochs"\n',
    });
  }));

Deno.test("the demo trains, evaluates and saves a model, and predicts with the command that it ends with", () =>
  inFolder(async (folder) => {
    const { code, out, err } = await run(folder, "demo");
    assertEquals(code, 0, err);
    assertMatch(err, /training: 28,832 rows, 5\.57 % positive\nvalidation: 4,118 rows.*\ntest: 8,238 rows/);
    const [, auc] = out.match(/\nAUC +(\S+)\n/)!;
    assert(Number(auc) > 0.71 && Number(auc) < 0.74, out);
    assertMatch(
      out,
      /\nprobability +rows +predicted +observed\n(\S+ \.\. \S+ +82\d .*\n){10}\nSaved the model to bank\.weft\n/,
    );
    const [, command] = out.match(/\n {2}npx -y deno@2\.9\.6 task (predict .*)\n$/)!;
    const predicted = await run(folder, ...command.split(" "));
    assertEquals(predicted.code, 0, predicted.err);
    assertEquals((await Deno.readTextFile(`${folder}/predictions.csv`)).split("\n").length, 41_190);
  }));
