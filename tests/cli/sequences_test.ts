import { readCheckpoint } from "../../src/checkpoint.ts";
import type { TrainingState } from "../../src/trainer/state.ts";
import { main } from "../../src/cli.ts";
import { reportCoverage } from "../../src/cli/coverage.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readCsv } from "../../src/data/csv.ts";
import { categorical, sequence } from "../../src/data/schema.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { file } from "../data/files.ts";
import { inFolder } from "../folder.ts";

/** Runs the command line in this process and keeps what it writes. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await main(args, {
    out: (text) => void (written.out += `${text}\n`),
    err: (text) => void (written.err += `${text}\n`),
  });
  return { code, ...written };
}

interface Click {
  click: number;
  item: string;
  cate: string;
  history: string[];
  cates: string[];
  tags: string[];
}

/** Makes rows with a click where the item is of the category that the history ends in. */
function makeClicks(rows: number): Click[] {
  return Array.from({ length: rows }, (_, row) => {
    const item = (row * 7) % 10;
    const history = Array.from({ length: row % 6 }, (_, k) => (row * 3 + k * k) % 10);
    const click = history.length > 0 && history.at(-1)! % 2 === item % 2 ? 1 : 0;
    const [cate, ...cates] = [item, ...history].map((one) => `c${one % 2}`);
    return { click, item: `i${item}`, cate, history: history.map((one) => `i${one}`), cates, tags: [`t${row % 3}`] };
  });
}

/** Writes the rows as CSV and as JSON lines. */
async function writeClicks(folder: string): Promise<void> {
  const clicks = makeClicks(120);
  const lines = clicks.map((click) => Object.values(click).map((cell) => [cell].flat().join("|")).join(","));
  await Deno.writeTextFile(`${folder}/clicks.csv`, [Object.keys(clicks[0]), ...lines].join("\n"));
  await Deno.writeTextFile(`${folder}/clicks.jsonl`, clicks.map((click) => JSON.stringify(click)).join("\n"));
}

const FLAGS = [
  ...["--label", "click", "--categorical", "item,cate", "--max-length", "4"],
  ...["--sequences", "history:item,cates:cate@history,tags=mean"],
];
const TRAIN = ["--split", "0.75,0.25", "--split-by", "position", "--epochs", "1", "--dim", "4", "--batch-size", "32"];

Deno.test("DIN is trained on sequences, evaluated and asked, from CSV, a schema file and JSON lines alike", () =>
  inFolder(async (folder) => {
    await writeClicks(folder);
    const schema = {
      label: "click",
      features: [
        { kind: "categorical", name: "item" },
        { kind: "categorical", name: "cate" },
        { kind: "sequence", name: "history", of: "item", maxLength: 4 },
        { kind: "sequence", name: "cates", of: "cate", along: "history", maxLength: 4 },
        { kind: "sequence", name: "tags", combiner: "mean", maxLength: 4 },
      ],
    };
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(schema));
    const ways = [
      ["clicks.csv", ...FLAGS],
      ["clicks.csv", "--schema", `${folder}/schema.json`],
      ["clicks.jsonl", ...FLAGS],
    ];
    const results: unknown[] = [];
    for (const [name, ...declared] of ways) {
      const data = ["--data", `${folder}/${name}`];
      const [out, table] = [`${folder}/m.weft`, `${folder}/p.csv`];
      const trained = await run("train", ...data, ...declared, ...TRAIN, "--model", "din", "--out", out);
      assertEquals(trained.code, 0, trained.err);
      assertMatch(trained.err, /^sequences of training +values +cut +empty rows\nhistory +210 +6\.67 % +16\.67 %\n/);
      assertStringIncludes(trained.err, "model: din, 2 fields, 3 sequences, ");
      const evaluated = await run("evaluate", "--model-file", out, ...data);
      assertEquals(evaluated.code, 0, evaluated.err);
      const predicted = await run("predict", "--model-file", out, ...data, "--id", "item", "--out", table);
      assertEquals(predicted.code, 0, predicted.err);
      const probabilities = await Deno.readTextFile(table);
      assertEquals(probabilities.trimEnd().split("\n").length, 121);
      results.push([evaluated.out, probabilities]);
    }
    assertEquals(results[1], results[0]);
    assertEquals(results[2], results[0]);
  }));

Deno.test("a model that reads fields alone says which sequences it leaves unread", () =>
  inFolder(async (folder) => {
    await writeClicks(folder);
    const data = ["--data", `${folder}/clicks.jsonl`];
    const out = `${folder}/fm.weft`;
    const trained = await run("train", ...data, ...FLAGS, ...TRAIN, "--model", "fm", "--out", out);
    assertEquals(trained.code, 0, trained.err);
    assertMatch(
      trained.err,
      /^warning: fm does not read "history", "cates": a combiner, as in --sequences history=mean, makes it a field, and .*din.* values in their order$/m,
    );
    const evaluated = await run("evaluate", "--model-file", out, ...data);
    assertStringIncludes(evaluated.err, "model: fm, 2 fields, 3 sequences (unread: history, cates), ");
  }));

Deno.test("flags of sequences that make no sense are refused", async () => {
  const refuse = async (args: string[], message: string) => {
    const { code, err } = await run("train", "--data", "absent.csv", "--label", "y", "--categorical", "item", ...args);
    assertEquals([code, err.includes(message)], [2, true], err);
  };
  await refuse(["--sequences", "history:item:cate"], "must be like history:item, cates:cate@history or tags=mean");
  await refuse(["--sequences", "tags=median"], 'received "tags=median"');
  await refuse(["--sequences", "item"], 'column "item" is named twice');
  await refuse(["--max-length", "3"], 'option "--max-length" needs "--sequences"');
  await refuse(["--sequences", "s", "--max-length", "0"], 'option "--max-length" must be a number from 1 to');
  await refuse(["--format", "jsonl", "--delimiter", ";"], 'option "--delimiter" is not for jsonl files');
  const { code, err } = await run("train", ...["--data", "x.csv", "--label", "y", "--categorical", "a"], ...[
    ...["--sequences", "h:item"],
  ]);
  assertEquals([code, err.includes('of of feature "h" must be a categorical feature ("a")')], [1, true], err);
});

Deno.test("the table of sequences lists what is unseen, cut and empty, and large shares bring a warning", async () => {
  const schema = { label: "y", features: [categorical("item"), sequence("past", { of: "item", maxLength: 2 })] };
  const training = await readCsv(file("y,item,past\n1,a,a|b|b\n0,b,\n0,b,b\n"), schema);
  const test = await readCsv(file("y,item,past\n1,a,a;b\n0,b,a\n"), training.schema);
  const empty = await readCsv(file("y,item,past\n1,a,\n0,b,\n"), training.schema);
  const report = (name: string, data: Dataset, fitted: boolean): string[] => {
    const lines: string[] = [];
    reportCoverage(name, data, fitted, { out: () => {}, err: (text) => void lines.push(...text.split("\n")) });
    return lines;
  };
  assertEquals(report("training", training, true), [
    "sequences of training  values      cut  empty rows",
    "past                        3  25.00 %     33.33 %",
  ]);
  assertEquals(report("test", test, false), [
    "sequences of test  values   unseen",
    "past                    2  50.00 %",
    'warning: test: 50.00 % of "past" is unseen in training',
  ]);
  assertEquals(report("test", empty, false), [
    "sequences of test  values  empty rows",
    "past                    0    100.00 %",
    'warning: test: "past" is empty in every row',
  ]);
  const other = await readCsv(file("y,item,past\n1,a,a;b\n0,b,a\n"), schema);
  assertEquals(report("training", other, true).at(-1), 'warning: training: 50.00 % of "past" is no value of "item"');
});

Deno.test("L2 by count is an option, and part of what a checkpoint was trained with", () =>
  inFolder(async (folder) => {
    await writeClicks(folder);
    const path = `${folder}/run.weft`;
    const data = [
      "--data",
      `${folder}/clicks.jsonl`,
      ...FLAGS,
      ...TRAIN,
      "--model",
      "din",
      "--out",
      `${folder}/m.weft`,
    ];
    const trained = await run("train", ...data, "--checkpoint", path, "--l2-by-count", "0.25");
    assertEquals(trained.code, 0, trained.err);
    const { recipe } = (await readCheckpoint(path)).header.training as unknown as TrainingState;
    assertEquals((recipe as { l2: unknown }).l2, { embedding: 0, net: 0, byCount: 0.25 });
    const resumed = await run("train", ...data, "--resume", path);
    assertStringIncludes(resumed.err, 'the checkpoint was trained with l2 {"byCount":0.25,"embedding":0,"net":0}');
    const refused = await run("train", ...data, "--l2-by-count", "-1");
    assertStringIncludes(refused.err, 'option "--l2-by-count" must be');
    const byField = await run("train", ...data, "--l2-by-field", "item=0.1");
    assertEquals(byField.code, 0, byField.err);
    const dims = await run("train", ...data, "--dims", "item=2");
    assertEquals(dims.code, 0, dims.err);
    assertEquals((await readCheckpoint(`${folder}/m.weft`)).tensors["embedding.2"].shape[1], 2);
    const unknownDims = await run("train", ...data, "--dims", "user=2");
    assertStringIncludes(unknownDims.err, "dims must name fields with rows of their own");
    const noDims = await run("train", ...data, "--dims", "item=0.5");
    assertStringIncludes(noDims.err, 'option "--dims" must give "item" a positive integer, received "0.5"');
    const unknown = await run("train", ...data, "--l2-by-field", "user=0.1");
    assertStringIncludes(unknown.err, "l2.byField must name fields with rows of their own");
    const negative = await run("train", ...data, "--l2-by-field", "item=-1");
    assertStringIncludes(
      negative.err,
      'option "--l2-by-field" of "item" must be a number of at least 0, received "-1"',
    );
  }));
