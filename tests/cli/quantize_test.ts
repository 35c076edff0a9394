import { statIfThere } from "../../src/files.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run, SCHEMA, writeData } from "./process.ts";

const TRAIN = ["--dim", "16", "--hidden", "8", "--batch-size", "64", "--lr", "0.01", "--epochs", "3"];

/** Trains a model in a folder and returns its file's bytes. */
async function train(folder: string): Promise<Uint8Array> {
  await writeData(`${folder}/clicks.csv`, 400);
  const { code, err } = await run(folder, "train", "--data", "clicks.csv", ...SCHEMA, ...TRAIN);
  assertEquals(code, 0, err);
  return await Deno.readFile(`${folder}/deepfm.weft`);
}

Deno.test("quantize reports what it changes, leaves the original, and its file evaluates and predicts", () =>
  inFolder(async (folder) => {
    const original = await train(folder);
    const data = ["--data", "clicks.csv"];
    const args = ["--model-file", "deepfm.weft", "--to", "int8", "--out", "small.weft", ...data];
    const quantized = await run(folder, "quantize", ...args);
    assertEquals(quantized.code, 0, quantized.err);
    assertStringIncludes(quantized.err, "\ntables: embedding as int8, linear as f16\n");
    assertMatch(quantized.out, /^data: 400 rows.*\n\n +before +after +change\n/);
    assertMatch(quantized.out, /\nAUC +0\.\d{5} +0\.\d{5} +[+-]0\.\d{5}\nlogloss +0\.\d{5} +0\.\d{5} +[+-]0\.\d{5}\n/);
    assertMatch(quantized.out, /\ntables +\S+ (KiB|B) +\S+ B +to \d+\.\d\d %\nfile +/);
    assertMatch(quantized.out, /\n\nSaved the model to small.weft\n$/);
    assertEquals(await Deno.readFile(`${folder}/deepfm.weft`), original);

    const evaluated = await run(folder, "evaluate", "--model-file", "small.weft", ...data);
    assertStringIncludes(evaluated.err, ", embedding as int8, linear as f16\n");
    const after = quantized.out.match(/AUC +\S+ +(\S+)/)![1];
    assertEquals(evaluated.out.match(/AUC +(\S+)/)![1], after);
    const predicted = await run(folder, "predict", "--model-file", "small.weft", ...data, "--out", "-");
    const [, ...probabilities] = predicted.out.trimEnd().split("\n");
    assertEquals(probabilities.length, 400);
    const small = ["--model-file", "small.weft", "--to", "f16", "--out", "smaller.weft"];
    for (const command of [["train", ...data, "--from", "small.weft"], ["quantize", ...small]]) {
      const refused = await run(folder, ...command);
      assertEquals([refused.code, refused.out], [1, ""]);
      assertStringIncludes(refused.err, ": the tables must be float32, received embedding as int8, linear as f16\n");
    }
  }));

Deno.test("quantize refuses the model's own file, and arguments that it cannot use, before anything is written", () =>
  inFolder(async (folder) => {
    const original = await train(folder);
    await Deno.symlink(`${folder}/deepfm.weft`, `${folder}/link.weft`);
    const model = ["--model-file", "deepfm.weft"];
    const other = 'option "--out" must be another file than "--model-file", received';
    const cases: [string[], number, string][] = [
      [[...model, "--to", "int8", "--out", "./deepfm.weft"], 2, `Cannot run quantize: ${other} "./deepfm.weft"`],
      [[...model, "--to", "int8", "--out", "link.weft"], 2, `Cannot run quantize: ${other} "link.weft"`],
      [[...model, "--to", "int8"], 2, 'Cannot run quantize: option "--out" is missing'],
      [[...model, "--out", "small.weft"], 2, 'Cannot run quantize: option "--to" is missing'],
      [
        [...model, "--to", "int2", "--out", "small.weft"],
        2,
        'Cannot run quantize: option "--to" must be one of int8, int4, f16, received "int2", did you mean "int8"',
      ],
      [
        [...model, "--to", "int8", "--out", "small.weft", "--limit", "3"],
        2,
        'Cannot run quantize: option "--limit" needs "--data"',
      ],
      [[...model, "--to", "int8", "--out", "absent/small.weft"], 1, 'Cannot save "absent/small.weft": '],
      [["--model-file", "absent.weft", "--to", "int8", "--out", "small.weft"], 1, 'Cannot load "absent.weft": '],
    ];
    for (const [args, expected, message] of cases) {
      const { code, out, err } = await run(folder, "quantize", ...args);
      assertEquals([code, out], [expected, ""]);
      assertStringIncludes(err, message);
    }
    assertEquals(await Deno.readFile(`${folder}/deepfm.weft`), original);
    assertEquals(await statIfThere(`${folder}/small.weft`), undefined);
  }));

Deno.test("quantize reports each of several tasks, and writes a file without data, too", () =>
  inFolder(async (folder) => {
    const lines = Array.from(
      { length: 200 },
      (_, row) => `${row % 2},${row % 3 === 0 ? 1 : 0},u${row % 7},i${row % 5}`,
    );
    await Deno.writeTextFile(`${folder}/clicks.csv`, ["click,buy,user,item", ...lines].join("\n"));
    const columns = ["--data", "clicks.csv", "--labels", "click,buy", "--categorical", "user,item"];
    const trained = await run(folder, "train", ...columns, "--model", "mmoe", "--dim", "8", "--epochs", "1");
    assertEquals(trained.code, 0, trained.err);
    const args = ["--model-file", "mmoe.weft", "--to", "int4", "--out", "small.weft"];
    const reported = await run(folder, "quantize", ...args, "--data", "clicks.csv");
    assertEquals(reported.code, 0, reported.err);
    for (const line of ["AUC click", "logloss click", "AUC buy", "logloss buy", "tables", "file"]) {
      assertMatch(reported.out, new RegExp(`\n${line} +\\d`));
    }
    const plain = await run(folder, "quantize", ...args);
    assertEquals([plain.code, plain.out.includes("AUC")], [0, false]);
  }));
