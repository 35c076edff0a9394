import { main } from "../../src/cli.ts";
import { delongTest, evaluatePredictions, evaluateTargets } from "../../src/metrics.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run, SCHEMA, writeData } from "./process.ts";

/** Runs a command in this process, which needs no device for files of predictions. */
async function runHere(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: string[][] = [[], []];
  const streams = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  return { code: await main(args, streams), out: out.join("\n"), err: err.join("\n") };
}

const rows = Array.from({ length: 90 }, (_, row) => ({
  label: Number((row * 7) % 5 < 2),
  p: Number((0.1 + 0.8 * ((row * 31) % 90) / 90).toFixed(4)),
  q: Number((0.3 + 0.4 * Number((row * 7) % 5 < 2) * ((row * 17) % 90) / 90).toFixed(4)),
  user: `u${row % 9}`,
  device: row % 3 ? "phone" : "",
  rating: 1 + row % 5,
}));
const [p, q, labels, users, ratings] = [
  rows.map(({ p }) => p),
  rows.map(({ q }) => q),
  rows.map(({ label }) => label),
  rows.map(({ user }) => user),
  rows.map(({ rating }) => rating),
];

async function writeRows(folder: string): Promise<{ all: string; data: string; first: string; second: string }> {
  const files = {
    all: [
      "click,probability,user,device,rating",
      ...rows.map((r) => [r.label, r.p, r.user, r.device, r.rating].join()),
    ],
    data: ["click,user", ...rows.map((r) => [r.label ? "yes" : "no", r.user].join())],
    first: ["probability", ...rows.map((r) => r.p)],
    second: ["score,id", ...rows.map((r, row) => [r.q, row].join())],
  };
  const paths = Object.entries(files).map(([name, lines]) => [name, `${folder}/${name}.csv`, lines.join("\n")]);
  for (const [, path, text] of paths) await Deno.writeTextFile(path, text);
  return Object.fromEntries(paths) as Awaited<ReturnType<typeof writeRows>>;
}

Deno.test("predictions of a file are measured by group, by slice and with intervals, as in TypeScript", () =>
  inFolder(async (folder) => {
    const { all, data, first } = await writeRows(folder);
    const more = ["--group", "user", "--k", "2", "--by", "device", "--intervals", "50", "--seed", "4"];
    const { code, out, err } = await runHere("evaluate", "--predictions", all, "--label", "click", ...more, "--json");
    assertEquals([code, err], [0, ""]);
    const expected = evaluatePredictions(p, labels, undefined, {
      ...{ group: users, k: [2], intervals: 50, seed: 4 },
      by: { device: rows.map(({ device }) => device || undefined) },
    });
    assertEquals(JSON.parse(out), JSON.parse(JSON.stringify(expected)));
    const apart = await runHere(
      ...["evaluate", "--predictions", first, "--data", data, "--label", "click", "--positive", "yes"],
      ...["--group", "user", "--metrics", "gauc,ece", "--json"],
    );
    assertEquals(JSON.parse(apart.out).gauc, expected.gauc);
    const text = await runHere("evaluate", "--predictions", all, "--label", "click", ...more);
    assertStringIncludes(text.out, `AUC                   ${expected.auc.toFixed(5)}\n`);
    assertStringIncludes(text.out, "\n9 groups\n\nGAUC, by rows of a group  ");
    assertMatch(text.out, /\nfirst +nDCG +MAP +hit rate +precision +recall\n2 +0\.\d{5} /);
    assertMatch(
      text.out,
      /\nmetric +value +95 % interval +std. error +resamples\nAUC +0\.\d{5} +0\.\d{5} \.\. 0\.\d{5} /,
    );
    assertMatch(text.out, /\ndevice +rows +positives +AUC +95 % interval .*\nphone +60 +24 +0\.\d{5} +0\.\d{5} \.\. /);
    assertMatch(text.out, /\n\(missing\) +30 /);
  }));

Deno.test("predicted ratings have errors, and rankings by person", () =>
  inFolder(async (folder) => {
    const { all } = await writeRows(folder);
    const args = [
      "evaluate",
      "--predictions",
      all,
      "--target",
      "rating",
      "--group",
      "user",
      "--k",
      "3",
      "--relevant",
      "4",
    ];
    const { code, out, err } = await runHere(...args, "--json");
    assertEquals([code, err], [0, ""]);
    assertEquals(
      JSON.parse(out),
      JSON.parse(JSON.stringify(evaluateTargets(p, ratings, undefined, { group: users, k: [3], relevantFrom: 4 }))),
    );
    const text = await runHere(...args, "--intervals", "20");
    assertMatch(
      text.out,
      /^rows +90\nRMSE +\d\.\d{5}\nMAE +\d\.\d{5}\nbias +-\d\.\d{5}\n\n9 groups\n\nmean reciprocal rank/,
    );
    assertMatch(text.out, /\nRMSE +\d\.\d{5} +\d\.\d{5} \.\. \d\.\d{5} +0\.\d{5} +20\n/);
  }));

Deno.test("rows without a prediction or label are left out and counted; what is no number is refused", () =>
  inFolder(async (folder) => {
    const path = `${folder}/p.csv`;
    const args = ["evaluate", "--predictions", path, "--label", "y"];
    await Deno.writeTextFile(path, "y,probability\n1,0.9\n0,\n0,0.2\n,0.4\n");
    const refused = await runHere(...args);
    assertEquals([refused.code, refused.err], [
      1,
      `Cannot read "${path}" line 5: expected a label, received a missing one`,
    ]);
    const { code, out, err } = await runHere(...args, "--on-missing-label", "skip");
    assertEquals([code, err], [0, "Left out 1 row without a label\nLeft out 2 rows without a prediction or a label"]);
    assertMatch(out, /^rows +2\nAUC +1\.00000\n/);
    const cases: [string, string][] = [
      ["y,probability\n1,high\n0,0.1\n", `line 2: column "probability" must hold a finite number, received "high"`],
      ["y,probability\n1,1.5\n0,0.1\n", "probabilities must lie in [0, 1], received 1.5 at row 0"],
      ["y,probability\n2,0.5\n0,0.1\n", 'received "2"'],
      ["y,score\n1,0.5\n", 'no column "probability"'],
      ["y,probability\n1,\n", "a row must have a prediction and a label, received 1 row without"],
    ];
    for (const [text, message] of cases) {
      await Deno.writeTextFile(path, text);
      const { code, err } = await runHere(...args);
      assertEquals(code, 1, err);
      assertStringIncludes(err, message);
    }
  }));

Deno.test("evaluate and compare refuse options that do not go together", async () => {
  const cases: [string[], string][] = [
    [["evaluate", "--predictions", "p.csv"], 'option "--label" is missing'],
    [["evaluate", "--label", "y", "--model-file", "m.weft"], 'option "--label" needs "--predictions"'],
    [
      ["evaluate", "--predictions", "p.csv", "--model-file", "m.weft"],
      '"--model-file" cannot be used with "--predictions"',
    ],
    [["evaluate", "--model-file", "m.weft", "--k", "5"], 'option "--k" needs "--group"'],
    [["evaluate", "--model-file", "m.weft", "--metrics", "gauc"], '"--metrics": metric "gauc" needs a group'],
    [
      ["evaluate", "--model-file", "m.weft", "--metrics", "acu"],
      '"--metrics": metrics to ask for are averagePrecision',
    ],
    [["evaluate", "--model-file", "m.weft", "--intervals", "1"], '"--intervals" must be a number from 2'],
    [["compare", "a.csv"], "there must be two files or more, received 1"],
    [["compare", "a.csv", "a.csv"], 'files must differ, received "a.csv" twice'],
    [["compare", "a.csv", "b.csv"], 'option "--label" is missing'],
    [["compare", "a.weft", "b.csv"], 'option "--data" is missing'],
    [["compare", "a.weft", "b.csv", "--data", "d.csv", "--label", "y"], '"--label" is for predictions alone'],
    [["compare", "a.csv", "b.csv", "--label", "y", "--task", "y"], 'option "--task" needs a model among the files'],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await runHere(...args);
    assertStringIncludes(err, message);
    assertEquals(code, 2, err);
  }
});

Deno.test("compare tests predictions of files against the first, by rows or by groups", () =>
  inFolder(async (folder) => {
    const { all, data, first, second } = await writeRows(folder);
    const renamed = `${folder}/third.csv`;
    await Deno.writeTextFile(renamed, (await Deno.readTextFile(second)).replace("score", "probability"));
    const args = [
      "compare",
      first,
      renamed,
      "--data",
      data,
      "--label",
      "click",
      "--positive",
      "yes",
      "--resamples",
      "50",
    ];
    const { code, out, err } = await runHere(...args, "--group", "user", "--json");
    assertEquals([code, err], [0, ""]);
    const { models, differences: [difference] } = JSON.parse(out);
    assertEquals(Object.keys(models), [first, renamed]);
    const { adjustedPValue, ...test } = difference.auc;
    assertEquals(test, JSON.parse(JSON.stringify(delongTest(q, p, labels, { groups: users }))));
    assertEquals(adjustedPValue, test.pValue);
    const text = await runHere(...args);
    assertMatch(text.out, /^90 rows\n\nmodel +AUC +logloss +Brier score /);
    assertMatch(
      text.out,
      /\nAUC against \S+first.csv +difference +95 % interval +std. error +z +p\n\S+third.csv +\+0\.\d{5} /,
    );
    const three = await runHere("compare", all, renamed, first, "--label", "click", "--resamples", "50");
    assertEquals(three.code, 0, three.err);
    assertMatch(three.out, /\nlogloss against \S+ +difference +95 % interval +std. error +p +p, Holm\n/);
    await Deno.writeTextFile(renamed, "probability\n0.5\n");
    const short = await runHere(...args);
    assertEquals([short.code, short.err.includes("it must have the 90 rows of the labels, received 1")], [1, true]);
  }));

Deno.test("models are sliced by any column of the data, compared on it, and monitored by any metric", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const lines = (await Deno.readTextFile(`${folder}/clicks.csv`)).split("\n");
    const wide = lines.map((line, row) => `${line},${row === 0 ? "device" : row % 3 ? "phone" : "desk"}`);
    await Deno.writeTextFile(`${folder}/clicks.csv`, wide.join("\n"));
    const common = ["--data", "clicks.csv", ...SCHEMA, "--split", "0.8,0.2", "--batch-size", "64", "--lr", "0.01"];
    const monitor = ["--monitor", "gauc=1,ece=-0.5", "--group", "user", "--metrics", "averagePrecision"];
    const trained = await run(
      folder,
      "train",
      ...common,
      ...monitor,
      "--model",
      "lr",
      "--epochs",
      "2",
      "--out",
      "a.weft",
    );
    assertEquals(trained.code, 0, trained.err);
    assertMatch(trained.err, /averagePrecision.*ece.*gauc/s);
    const other = await run(
      folder,
      "train",
      ...common,
      "--model",
      "fm",
      "--dim",
      "4",
      "--epochs",
      "1",
      "--out",
      "b.weft",
    );
    assertEquals(other.code, 0, other.err);
    const refused = await run(folder, "train", ...common, "--model", "lr", "--monitor", "gauc");
    assertStringIncludes(refused.err, 'the monitor "gauc" needs a group, received none');

    const model = ["--model-file", "a.weft", "--data", "clicks.csv"];
    const evaluated = await run(folder, "evaluate", ...model, "--by", "device,user", "--group", "device", "--json");
    assertEquals(evaluated.code, 0, evaluated.err);
    const { slices, auc, gauc, groups } = JSON.parse(evaluated.out);
    assertEquals(slices.device.map(({ value, rows }: { value: string; rows: number }) => [value, rows]), [
      ["phone", 267],
      ["desk", 133],
    ]);
    assertEquals([slices.user.length, groups.groups, gauc > 0], [7, 2, true]);

    const predicted = await run(folder, "predict", ...model, "--id", "click,device", "--out", "p.csv");
    assertEquals(predicted.code, 0, predicted.err);
    const label = ["--label", "click", "--positive", "yes", "--json"];
    const fromFile = await run(folder, "evaluate", "--predictions", "p.csv", ...label, "--by", "device");
    const again = JSON.parse(fromFile.out);
    assertEquals([again.auc, again.slices.device], [auc, slices.device]);

    const compared = await run(folder, "compare", "a.weft", "b.weft", "p.csv", "--data", "clicks.csv", "--json");
    assertEquals(compared.code, 0, compared.err);
    const { rows, models, differences } = JSON.parse(compared.out);
    assertEquals([rows, Object.keys(models)], [400, ["a.weft", "b.weft", "p.csv"]]);
    assertEquals([differences[1].auc.difference, differences[1].auc.pValue, differences[1].logloss.difference], [
      0,
      1,
      0,
    ]);
    assert(differences[0].auc.adjustedPValue <= 1);
  }));
