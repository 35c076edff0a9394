import { reportCoverage } from "../../src/cli/coverage.ts";
import { readCsv } from "../../src/data/csv.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assertEquals } from "@std/assert";
import { file } from "../data/files.ts";

Deno.test("the table lists fields that lack something, and large shares bring a warning with its reason", async () => {
  const schema: Schema = { label: "y", features: [categorical("user"), categorical("item"), numeric("age")] };
  const training = await readCsv(file("y,user,item,age\n1,7,a,20\n0,8,b,60\n0,8,a,50\n"), schema);
  const test = await readCsv(file("y,user,item,age\n1,7.0,a,20\n0,8.0,,90\n0,8.0,a,60\n"), training.schema);
  const lines: string[] = [];
  const streams = { out: () => {}, err: (text: string) => void lines.push(...text.split("\n")) };
  reportCoverage("training", training, true, streams);
  assertEquals(lines, []);
  reportCoverage("test", test, false, streams);
  assertEquals(lines, [
    "values of test  missing    unseen  beyond range",
    "user                     100.00 %",
    "item            33.33 %",
    "age                                     33.33 %",
    'warning: test: 100.00 % of "user" is unseen in training: "7.0" is unknown but "7" is not, ' +
    "so write them as in the training data",
    'warning: test: 33.33 % of "item" is missing, which it never was in training',
    'warning: test: 33.33 % of "age" is beyond the numbers of the training data',
  ]);
});
