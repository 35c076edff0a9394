import { models } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { MODEL, run, SCHEMA, writeData } from "./process.ts";

const TRAIN = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL];

Deno.test("optimizers by part, L1, limits and dropped fields resume with the same file", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const steps = ["--optimizer", "lamb", "--optimizer-of", "linear=ftrl,lr=0.2,l1=0.001", "--l1-net", "0.1"];
    const args = [...TRAIN, ...steps, "--clip-value", "0.5", "--field-dropout", "0.2"];
    const whole = await run(folder, ...args, "--epochs", "3", "--out", "whole.weft");
    assertEquals(whole.code, 0, whole.err);
    const begun = await run(folder, ...args, "--epochs", "1", "--checkpoint", "run.weft", "--out", "begun.weft");
    assertEquals(begun.code, 0, begun.err);
    const ended = await run(folder, ...args, "--epochs", "3", "--resume", "run.weft", "--out", "ended.weft");
    assertEquals(ended.code, 0, ended.err);
    const [one, other] = await Promise.all(["whole", "ended"].map((name) => Deno.readFile(`${folder}/${name}.weft`)));
    assertEquals(other, one);
    const refused = await run(folder, ...args, "--l1-embedding", "0.1");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "ftrl has an l1 of its own");
  }));

Deno.test("yesterday's model grows by today's values, and is evaluated before it trains on them", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 300);
    const checkpoint = ["--checkpoint", "day1.ckpt"];
    const day1 = await run(folder, ...TRAIN, "--epochs", "3", "--out", "day1.weft", ...checkpoint);
    assertEquals(day1.code, 0, day1.err);
    await writeData(`${folder}/today.csv`, 100, ["no,new,i1,4", "yes,new,other,4", "no,once,i1,5"]);
    const on = ["train", "--data", "today.csv", "--batch-size", "32", "--grow", "--min-count", "2"];
    const fresh = await run(folder, ...on, "--from", "day1.weft", "--evaluate-first", "--out", "day2.weft");
    assertEquals(fresh.code, 0, fresh.err);
    assertStringIncludes(fresh.err, "vocabularies: generation 2, user 1 new\n");
    const [before, after] = ["before", "after"].map((when) => fresh.out.indexOf(`training rows ${when} training on`));
    assert(before >= 0 && after > before, fresh.out);
    // What is reported first is what evaluating yesterday's model says.
    const evaluated = await run(folder, "evaluate", "--model-file", "day1.weft", "--data", "today.csv");
    const loglossOf = (text: string) => /logloss +(\d\.\d+)/.exec(text)![1];
    assertEquals(loglossOf(fresh.out), loglossOf(evaluated.out));
    await using model = await Model.load(`${folder}/day2.weft`, models, { device: await gpu() });
    assertEquals(model.schema.generation, 2);
    assert(model.schema.fields[0].vocabulary!.includes("new") && !model.schema.fields[0].vocabulary!.includes("once"));
    const same = await run(folder, "train", "--data", "today.csv", "--from", "day1.weft", "--evaluate-first");
    assertEquals(same.code, 0, same.err);
    assertEquals(loglossOf(same.out), loglossOf(evaluated.out));
    const keep = ["--optimizer-state", "keep", "--new-rows", "unseen", "--content", "user=item"];
    const kept = await run(folder, ...on, "--from", "day1.ckpt", ...keep);
    assertEquals(kept.code, 0, kept.err);
    const dropping = ["--drop-unseen-for", "1", "--split", "0.8,0.2", "--out", "day2.weft"];
    const old = ["train", "--data", "clicks.csv", "--batch-size", "32", "--grow", "--from", "day2.weft"];
    const dropped = await run(folder, ...old, ...dropping, "--evaluate-first");
    assertEquals(dropped.code, 0, dropped.err);
    assertStringIncludes(dropped.err, "vocabularies: generation 3, user 1 dropped\n");
    const refusals: [string[], string][] = [
      [["--from", "day1.weft", "--optimizer-state", "keep"], 'needs a checkpoint, and "day1.weft" is a finished model'],
      [["--categorical", "user"], 'option "--grow" needs "--from"'],
      [["--from", "day1.weft", "--content", "user"], 'option "--content" must be like item=category, received "user"'],
      [["--from", "day1.weft", "--folds", "2"], 'option "--grow" cannot be used with "--folds"'],
      [["--from", "day1.weft", "--numeric", "a"], 'option "--numeric" cannot be used with "--from"'],
    ];
    for (const [more, message] of refusals) {
      const refused = await run(folder, ...on, ...more);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, message);
    }
  }));
