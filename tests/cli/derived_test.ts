import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../src/cli.ts";
import { Model } from "../../src/model.ts";
import { models } from "../../models/mod.ts";
import { gpu } from "../support.ts";
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

/** Clicks that come at some hours of the day, by which users differ. */
function makeClicks(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const [user, item] = [(row * 7) % 11, (row * 5) % 3];
    const click = (user + item) % 3 === 0 ? 1 : 0;
    const time = new Date(Date.UTC(2026, 0, 1, row)).toISOString();
    return [click, `u${user}`, `i${item}`, time.replace(".000", "")].join();
  });
  return ["click,user,item,time", ...lines].join("\n");
}

const FLAGS = [
  ...["--label", "click", "--categorical", "user,item", "--time", "time"],
  ...["--hash-buckets", "user=50", "--cross", "user*item", "--cross-buckets", "40"],
  ...["--dates", "time:hour,weekday", "--time-zone", "Europe/Berlin"],
  ...["--past-rate", "user,user*item", "--past-count", "user", "--past-window", "864000000", "--past-smoothing", "3"],
];

const SCHEMA = {
  label: "click",
  time: "time",
  features: [
    { kind: "categorical", name: "user", hashBuckets: 50 },
    { kind: "categorical", name: "item" },
    { kind: "categorical", name: "user*item", from: { cross: ["user", "item"] }, hashBuckets: 40 },
    { kind: "categorical", name: "time_hour", from: { date: "time", part: "hour", timeZone: "Europe/Berlin" } },
    { kind: "categorical", name: "time_weekday", from: { date: "time", part: "weekday", timeZone: "Europe/Berlin" } },
    {
      ...{ kind: "numeric", name: "user_rate", scale: "standard" },
      from: { past: "rate", of: ["user"], window: 864000000, smoothing: 3 },
    },
    {
      ...{ kind: "numeric", name: "user*item_rate", scale: "standard" },
      from: { past: "rate", of: ["user", "item"], window: 864000000, smoothing: 3 },
    },
    { kind: "numeric", name: "user_count", scale: "log", from: { past: "count", of: ["user"], window: 864000000 } },
  ],
};

const TRAIN = ["--split", "0.75,0.25", "--split-by", "time", "--epochs", "2", "--dim", "4", "--batch-size", "32"];

Deno.test("a model of derived features is trained by flags and by a schema file, and predicts from raw columns", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/clicks.csv`, makeClicks(240));
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(SCHEMA));
    const data = ["--data", `${folder}/clicks.csv`];
    const results: unknown[] = [];
    for (const declared of [FLAGS, ["--schema", `${folder}/schema.json`]]) {
      const [out, table] = [`${folder}/m.weft`, `${folder}/p.csv`];
      const trained = await run("train", ...data, ...declared, ...TRAIN, "--model", "fm", "--out", out);
      assertEquals(trained.code, 0, trained.err);
      assertStringIncludes(trained.err, "model: fm, 8 fields");
      const evaluated = await run("evaluate", "--model-file", out, ...data);
      assertEquals(evaluated.code, 0, evaluated.err);
      const raw = `${folder}/raw.csv`;
      await Deno.writeTextFile(raw, "user,item,time\nu1,i0,2026-02-01\nnew,i1,2026-02-01T05:00:00Z\n,i1,2026-02-02\n");
      const predicted = await run("predict", "--model-file", out, "--data", raw, "--out", table);
      assertEquals(predicted.code, 0, predicted.err);
      const probabilities = (await Deno.readTextFile(table)).trimEnd().split("\n");
      assertEquals(probabilities.length, 4);
      await using model = await Model.load(out, models, { device: await gpu() });
      results.push([evaluated.out, probabilities, await model.schema.fingerprint()]);
    }
    assertEquals(results[1], results[0]);
  }));

Deno.test("hours and buckets are crossed by flags as by a schema file", () =>
  inFolder(async (folder) => {
    const lines = makeClicks(160).split("\n").map((line, r) => `${line},${r === 0 ? "price" : (r * 13) % 50}`);
    await Deno.writeTextFile(`${folder}/clicks.csv`, lines.join("\n"));
    const schema = {
      label: "click",
      features: [
        { kind: "categorical", name: "item" },
        { kind: "numeric", name: "price", buckets: 5 },
        { kind: "categorical", name: "time_hour*item", from: { cross: ["time_hour", "item"] }, minCount: 2 },
        { kind: "categorical", name: "price*item", from: { cross: ["price", "item"] }, minCount: 2 },
        { kind: "categorical", name: "time_hour", from: { date: "time", part: "hour" } },
      ],
    };
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(schema));
    const data = ["--data", `${folder}/clicks.csv`];
    const flags = [
      ...["--label", "click", "--categorical", "item", "--numeric", "price", "--buckets", "5", "--dates", "time:hour"],
      ...["--cross", "time_hour*item,price*item"],
    ];
    const results: unknown[] = [];
    for (const declared of [flags, ["--schema", `${folder}/schema.json`]]) {
      const out = `${folder}/m.weft`;
      const rare = declared === flags ? ["--min-count", "2"] : [];
      const trained = await run("train", ...data, ...declared, ...rare, "--model", "fm", "--dim", "4", "--out", out);
      assertEquals(trained.code, 0, trained.err);
      await using model = await Model.load(out, models, { device: await gpu() });
      const crossed = model.schema.fields.filter(({ name }) => name.includes("*"));
      results.push(crossed.map(({ name, vocabulary, feature: { from } }) => ({ name, vocabulary, from })));
      const predicted = await run("predict", "--model-file", out, ...data, "--out", `${folder}/p.csv`);
      assertEquals(predicted.code, 0, predicted.err);
    }
    assertEquals(results[1], results[0]);
    const [hours, prices] = results[0] as { vocabulary: string[] }[];
    assertEquals([hours.vocabulary.includes("17*i1"), prices.vocabulary.includes("4*i1")], [true, true]);
    const described = await run("describe", ...data, ...flags);
    assertEquals(described.code, 0, described.err);
    assertMatch(described.out, /^time_hour\*item +categorical /m);
    const cyclic = { label: "click", features: [{ ...schema.features[2], name: "a", from: { cross: ["a", "item"] } }] };
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(cyclic));
    const refused = await run("train", ...data, "--schema", `${folder}/schema.json`, "--model", "fm");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, 'feature "a" must not be made of itself, received "a" made of "a"');
  }));

Deno.test("a model grows by the statistics of a day, and is evaluated first with those of the day before", () =>
  inFolder(async (folder) => {
    const [header, ...lines] = makeClicks(240).split("\n");
    const write = (name: string, rows: readonly string[]) =>
      Deno.writeTextFile(`${folder}/${name}.csv`, [header, ...rows].join("\n"));
    await Promise.all([write("day1", lines.slice(0, 160)), write("day2", lines.slice(160)), write("both", lines)]);
    const train = async (data: string, ...args: string[]) => {
      const trained = await run("train", "--data", `${folder}/${data}.csv`, "--batch-size", "32", ...args);
      assertEquals(trained.code, 0, trained.err);
      return trained;
    };
    const fm = ["--model", "fm", "--dim", "4", "--epochs", "1"];
    await train("day1", ...FLAGS, ...fm, "--out", `${folder}/day1.weft`);
    await train("both", ...FLAGS, ...fm, "--out", `${folder}/both.weft`);
    const grow = ["--from", `${folder}/day1.weft`, "--grow"];
    const grown = await train("day2", ...grow, "--evaluate-first", "--out", `${folder}/day2.weft`);
    const evaluated = await run(
      ...["evaluate", "--model-file", `${folder}/day1.weft`, "--data", `${folder}/day2.csv`],
    );
    const loglossOf = (text: string) => /logloss +(\d\.\d+)/.exec(text)![1];
    assertEquals(loglossOf(grown.out), loglossOf(evaluated.out));
    const known = await Promise.all(["day2", "both"].map(async (name) => {
      await using model = await Model.load(`${folder}/${name}.weft`, models, { device: await gpu() });
      return model.schema.fields.map(({ past }) => past);
    }));
    assertEquals(known[0], known[1]);
    const again = await run(
      ...["train", "--data", `${folder}/day2.csv`, "--from", `${folder}/day2.weft`, "--grow"],
    );
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "Cannot grow schema: times must be later than 1768");
  }));

Deno.test("folds, descriptions and rare names take derived features", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/clicks.csv`, makeClicks(120));
    const data = ["--data", `${folder}/clicks.csv`, "--label", "click"];
    const rare = ["--categorical", "user,item", "--min-count", "3", "--new-value-buckets", "user=5"];
    const derived = [...rare, "--cross", "user*item", "--past-rate", "user"];
    const folds = await run("train", ...data, ...derived, "--folds", "2", "--split-by", "random", "--model", "lr");
    assertEquals(folds.code, 0, folds.err);
    const described = await run("describe", ...data, ...derived, "--dates", "time:weekend");
    assertEquals(described.code, 0, described.err);
    assertMatch(described.out, /^user\*item +categorical +33 /m);
    assertMatch(described.out, /^time_weekend +categorical +2 /m);
    assertEquals(described.out.includes("user_rate"), false);
  }));

Deno.test("flags of derived features that make no sense are refused", async () => {
  const refuse = async (args: string[], message: string) => {
    const { code, err } = await run("train", "--data", "absent.csv", "--label", "y", "--categorical", "item", ...args);
    assertEquals([code, err.includes(message)], [2, true], err);
  };
  await refuse(["--cross", "user"], 'option "--cross" must be like user*category, received "user"');
  await refuse(["--past-rate", "user*"], 'option "--past-rate" must be like user*category');
  await refuse(["--cross-buckets", "9"], 'option "--cross-buckets" needs "--cross"');
  await refuse(["--dates", "time"], 'option "--dates" must be like time:hour,weekday');
  await refuse(["--dates", "time:minute"], 'received "time:minute"');
  await refuse(["--time-zone", "UTC"], 'option "--time-zone" needs "--dates"');
  await refuse(["--past-window", "9"], 'option "--past-window" needs "--past-rate"');
  await refuse(["--past-count", "item", "--past-prior", "0.5"], 'option "--past-prior" needs "--past-rate"');
  await refuse(["--hash-buckets", "user=9"], 'must name a column of "--categorical", received "user"');
  await refuse(["--hash-buckets", "many"], "must have integers of at least 1");
});
