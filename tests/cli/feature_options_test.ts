import { parseOptions, UsageError } from "../../src/cli/options.ts";
import { readSchema, SCHEMA_OPTIONS } from "../../src/cli/schema.ts";
import { categorical, type Feature, numeric, parseSchema } from "../../src/data/schema.ts";
import { assertEquals, assertRejects } from "@std/assert";

const COMMAND = { name: "train", summary: "", options: { Schema: SCHEMA_OPTIONS }, examples: [] };
const COLUMNS = ["--label", "y", "--categorical", "user,a=b", "--numeric", "age,price"];

const read = (...args: string[]) => readSchema(parseOptions(COMMAND, [...COLUMNS, ...args]));

function schemaOf(features: readonly Feature[], more: object = {}) {
  return parseSchema({ label: "y", features, ...more });
}

const NAMES = [categorical("user"), categorical("a=b")];
const [AGE, PRICE] = ["age", "price"].map((name) => numeric(name, { scale: "standard" }));

Deno.test("buckets are the same for all columns of numbers, or told by column", async () => {
  const all = (buckets: number | "log") => ["age", "price"].map((name) => numeric(name, { buckets }));
  assertEquals(await read("--buckets", "12"), schemaOf([...NAMES, ...all(12)]));
  assertEquals(await read("--buckets", "log"), schemaOf([...NAMES, ...all("log")]));
  const edges = numeric("age", { buckets: [-1.5, 18, 25] });
  assertEquals(await read("--buckets", "age=-1.5:18:25"), schemaOf([...NAMES, edges, PRICE]));
  assertEquals(
    await read("--buckets", "log,age=18:", "--if-missing", "own"),
    schemaOf([...NAMES, numeric("age", { buckets: [18] }), numeric("price", { buckets: "log" })]),
  );
  const minmax = numeric("price", { scale: "minmax", clamp: true });
  assertEquals(
    await read("--buckets", "age=7", "--scale", "minmax", "--clamp"),
    schemaOf([...NAMES, numeric("age", { buckets: 7 }), minmax]),
  );
});

Deno.test("what becomes of missing values is the same for all columns, or told by column", async () => {
  const withMean = [AGE, PRICE].map((feature) => ({ ...feature, ifMissing: "mean" as const }));
  assertEquals(await read("--if-missing", "mean"), schemaOf([...NAMES, ...withMean]));
  const withNearest = [{ ...AGE, ifMissing: "nearest" as const }, PRICE];
  assertEquals(await read("--if-missing", "age=nearest"), schemaOf([...NAMES, ...withNearest]));
  const features = [
    categorical("user", { ifMissing: { value: "no=body" } }),
    categorical("a=b", { ifMissing: "mode", indicator: true }),
    { ...AGE, ifMissing: { value: -1 }, indicator: true } as const,
    { ...PRICE, ifMissing: "median" } as const,
  ];
  assertEquals(
    await read(
      "--if-missing",
      "median,user=value:no=body,a=b=mode",
      "--if-missing",
      "age=value:-1",
      "--indicator",
      "a=b,age",
    ),
    schemaOf(features),
  );
});

Deno.test("texts are treated as told", async () => {
  assertEquals(
    await read("--lower-case", "--unicode", "NFKC"),
    schemaOf([...NAMES, AGE, PRICE], { lowerCase: true, unicode: "NFKC" }),
  );
});

Deno.test("ways and columns that do not exist are refused", async () => {
  const cases: [args: string[], message: string][] = [
    [["--buckets", "1"], 'option "--buckets" must be a way that the help names, received "1"'],
    [["--buckets", "25:18"], 'option "--buckets" must be a way that the help names, received "25:18"'],
    [["--buckets", "user=12"], 'option "--buckets" must name a column of the schema that it is for, received "user"'],
    [["--buckets", "12,log"], 'option "--buckets" must have one way for all columns'],
    [["--buckets", "age=1:2,age=3"], 'option "--buckets" must have one way for "age"'],
    [["--buckets", "log", "--scale", "log"], 'option "--scale" cannot be used with "--buckets"'],
    [["--if-missing", "avg"], 'option "--if-missing" must be a way that the help names, received "avg"'],
    [["--if-missing", "user=mean"], 'option "--if-missing" of a column of names must be own, mode or value:X'],
    [["--if-missing", "age=value:x"], 'option "--if-missing" of "age" must have a number, received "x"'],
    [["--indicator", "sex"], 'option "--indicator" must name a column of the schema that it is for, received "sex"'],
    [["--unicode", "NFD"], 'option "--unicode"'],
  ];
  for (const [args, message] of cases) await assertRejects(() => read(...args), UsageError, message);
});
