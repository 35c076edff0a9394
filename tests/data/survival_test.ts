import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describeOneClass, requireTwoClasses, warningOfOneClass } from "../../src/data/classes.ts";
import { readCsv } from "../../src/data/csv.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, parseSchema, type Schema } from "../../src/data/schema.ts";
import { labelIntervals } from "../../src/data/survival_labels.ts";
import { digestRows } from "../../src/trainer/rows_digest.ts";
import { inFolder } from "../folder.ts";

const SURVIVAL = { time: "days", event: "stopped", heads: { short: [0, 1, 3], long: [1, 10] } };
const schema: Schema = { survival: { ...SURVIVAL, weight: "ctr" }, features: [categorical("color")] };
const LINES = ["color,days,stopped,ctr", "red,0.5,1,0.2", "blue,3,1,0.1", "red,2,0,0", "blue,40,1,0.4"];
const file = (lines: readonly string[]) => new File([lines.join("\n")], "creatives.csv");

Deno.test("labels of times become labels of intervals, with weight, time and event behind them", async () => {
  const data = await readCsv(file(LINES), schema);
  assertEquals(data.schema.tasks, ["long 1-10", "short 0-1", "short 1-3"]);
  assertEquals(data.schema.labelCount, 6);
  assertEquals([0, 1, 2].map((task) => [...data.labelsOf(task)]), [[1, 1, -1, 0], [1, 0, 0, 0], [-1, 0, 0, 0]]);
  const { weights, times, events } = data.lifetimes!;
  assertEquals([...weights], [0.2, 0.1, 0, 0.4].map(Math.fround));
  assertEquals([[...times], [...events]], [[0.5, 3, 2, 40], [1, 1, 0, 1]]);
  assertEquals(data.classesOf(0), { known: 3, positives: 2 });
  assertEquals(data.slice(1, 3).lifetimes!.times, Float32Array.of(3, 2));
  assertEquals(data.select(Uint32Array.of(3, 0)).lifetimes!.times, Float32Array.of(40, 0.5));
});

Deno.test("an interval ends before its end: a time on it belongs to the next, a censored one passes its middle", () => {
  const ends = [0, 1, 3, 5];
  assertEquals(labelIntervals(0, true, ends), [1, -1, -1]);
  assertEquals(labelIntervals(1, true, ends), [0, 1, -1]);
  assertEquals(labelIntervals(4.99, true, ends), [0, 0, 1]);
  assertEquals(labelIntervals(5, true, ends), [0, 0, 0]);
  assertEquals(labelIntervals(0.49, false, ends), [-1, -1, -1]);
  assertEquals(labelIntervals(2, false, ends), [0, 0, -1]);
  assertEquals(labelIntervals(90, false, ends), [0, 0, 0]);
  assertEquals(labelIntervals(1, true, [2, 3, 4]), [1, -1]);
});

Deno.test("a schema of times is kept through JSON, files and splits", () =>
  inFolder(async (folder) => {
    const data = await readCsv(file(LINES), schema);
    const again = FittedSchema.fromJSON(JSON.parse(JSON.stringify(data.schema.toJSON())));
    assertEquals(await again.fingerprint(), await data.schema.fingerprint());
    assertEquals(parseSchema({ ...schema }).survival, { ...SURVIVAL, weight: "ctr" });
    await data.save(`${folder}/data.weft`);
    const loaded = await Dataset.load(`${folder}/data.weft`);
    assertEquals([loaded.labels, loaded.ids], [data.labels, data.ids]);
    assertEquals(again.tasks, data.schema.tasks);
    assertEquals(loaded.schema.tasks, data.schema.tasks);
    const parts = await readCsvSplit(file(LINES), schema, [0.5, 0.5], { by: "position" });
    assertEquals(parts[1].labels, data.slice(2, 4).labels);
    assert(await digestRows(data.slice(0, 2)) === await digestRows(parts[0]));
    assert(await digestRows(data.slice(0, 2)) !== await digestRows(parts[1]));
  }));

Deno.test("events may be texts, and rows to predict need no labels", async () => {
  const named = { ...schema, positive: "stopped", negative: "runs" };
  const rows = [
    { color: "red", days: 2, stopped: "stopped", ctr: 1 },
    { color: "blue", days: 9, stopped: "runs", ctr: 1 },
  ];
  const data = readRows(rows, named);
  assertEquals([...data.lifetimes!.events], [1, 0]);
  const bare = readRows([{ color: "red" }], data.schema);
  assertEquals([bare.labeled, bare.rows, bare.labels.length], [false, 1, 6]);
  const unweighted = readRows([{ color: "red", days: 2, stopped: 1 }], { ...schema, survival: SURVIVAL });
  assertEquals([...unweighted.lifetimes!.weights], [1]);
  await assertRejects(
    () => readLibsvm(new File(["1 1:1"], "a.libsvm"), { schema: data.schema }),
    TypeError,
    "libsvm files have labels, received a schema of times",
  );
});

Deno.test("rows without a time are left out, and those with a wrong one are malformed", async () => {
  const bad = async (line: string, message: string) => {
    await assertRejects(() => readCsv(file([...LINES, line]), schema), SyntaxError, message);
    const data = await readCsv(file([...LINES, line]), schema, { onBadRow: "skip", onMissingLabel: "skip" });
    assertEquals(data.rows, 4);
  };
  await bad("red,-1,1,1", 'column "days": expected a number of at least 0, received "-1"');
  await bad("red,soon,1,1", 'column "days": expected a number of at least 0, received "soon"');
  await bad("red,1,2,1", 'column "stopped": expected label 1, and 0 or -1, received "2"');
  await bad("red,1,1,", 'column "ctr": expected a number of at least 0, received a missing one');
  await bad("red,,1,1", 'column "days": expected a number of at least 0, received a missing one');
  await bad("red,1,,1", 'column "stopped": expected a label, received a missing one');
  const data = await readCsv(file([...LINES, "red,,1,1", "red,1,,1"]), schema, { onMissingLabel: "skip" });
  assertEquals([data.rows, data.missingLabels, data.skipped], [4, 2, 0]);
  await assertRejects(() => readCsv(file(["color,days", "red,1"]), schema), Error, "stopped");
});

Deno.test("rows that never end within a head are refused in training", () => {
  const read = (...times: [number, number][]) =>
    readRows(times.map(([days, stopped]) => ({ color: "red", days, stopped })), { ...schema, survival: SURVIVAL });
  assertEquals(describeOneClass(read([2, 1])), undefined);
  const censored = read([2, 0], [5, 0]);
  assertThrows(
    () => requireTwoClasses("train on the data", censored),
    RangeError,
    'must have rows that ended within the intervals of each head, received 2 rows without an end for head "long"',
  );
  assertEquals(describeOneClass(read([5, 1])), '1 row without an end for head "short"');
  assertEquals(
    warningOfOneClass("validation", censored),
    'validation has 2 rows without an end for head "long": its calibration cannot be measured',
  );
});

Deno.test("parseSchema refuses times that are declared wrongly", () => {
  const refuse = (json: object, message: string) =>
    assertThrows(() => parseSchema({ features: [categorical("color")], ...json }), Error, message);
  const times = (more: object) => ({ survival: { ...SURVIVAL, ...more } });
  refuse({ label: "click", survival: SURVIVAL }, "must have label or survival, received both");
  refuse({ survival: 1 }, "survival must be an object, received 1");
  refuse({ survival: { time: "days" } }, "event of survival must be a text");
  refuse(times({ until: 1 }), 'survival can have time, event, weight, heads, received "until"');
  refuse(times({ event: "days" }), "columns of survival must differ, received days, days");
  refuse(times({ weight: "stopped" }), "columns of survival must differ");
  refuse(times({ heads: {} }), "survival must have a head, received none");
  refuse(times({ heads: [] }), "heads of survival must be an object");
  refuse(times({ heads: { short: [0] } }), 'head "short" must have two or more ascending numbers');
  refuse(times({ heads: { short: [0, 2, 2] } }), 'head "short" must have two or more ascending numbers');
  refuse(times({ heads: { short: [-1, 2] } }), 'head "short" must have two or more ascending numbers');
  refuse({ survival: SURVIVAL, features: [categorical("days")] }, 'feature "days" must not be the label');
});
