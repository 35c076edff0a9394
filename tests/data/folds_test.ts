import { kFold } from "../../src/data/folds.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readCsvFolds, readCsvSplit, readDataSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { randomUnit } from "../../src/data/random.ts";
import { readEventsSplit } from "../../src/data/read_events.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";

const SCHEMA: Schema = { label: "click", features: [categorical("user"), numeric("row")] };

/** Rows whose users have sizes from 1 on, and whose labels are rare and depend on the user. */
function clicks(users: number, sizeOf: (user: number) => number): Dataset {
  const rows = Array.from({ length: users }, (_, user) => new Array<number>(sizeOf(user)).fill(user)).flat();
  return readRows(
    rows.map((user, row) => ({ click: +(randomUnit(9, row) < 0.1 + 0.2 * (user % 2)), user, row })),
    SCHEMA,
  );
}

const usersOf = ({ ids, rows }: Dataset): Set<number> => new Set(ids.subarray(0, rows));
const numbersOf = ({ values, rows }: Dataset): number[] => [...values!.subarray(rows)];
const rateOf = (data: Dataset): number => data.positives / data.rows;

Deno.test("no group is on two sides of a split, and the fractions are met to the row where small groups fill the gaps", () => {
  const data = clicks(200, (user) => user < 20 ? 17 : 1 + user % 4);
  const fractions = [0.7, 0.2, 0.1];
  const parts = data.split(fractions, { by: "group", column: "user", seed: 3 });
  const users = parts.map(usersOf);
  assertEquals(users.reduce((sum, { size }) => sum + size, 0), 200);
  assertEquals(users.reduce((all, some) => all.union(some)).size, 200);
  parts.forEach(({ rows }, p) => assert(Math.abs(rows - fractions[p] * data.rows) <= 1, `${rows} rows in part ${p}`));
  assertEquals(parts.flatMap(numbersOf).toSorted((a, b) => a - b), numbersOf(data));
  const rowsOf = (seed: number) => data.split(fractions, { by: "group", column: "user", seed }).map(numbersOf);
  assertEquals(rowsOf(3), parts.map(numbersOf));
  assertNotEquals(rowsOf(4), parts.map(numbersOf));
});

Deno.test("groups are drawn fairly: each is in a part as often as its fraction says, large ones too", () => {
  const data = clicks(30, (user) => user < 5 ? 10 : 4);
  const counts = new Array<number>(30).fill(0);
  const draws = 400;
  for (let seed = 0; seed < draws; seed++) {
    const [, test] = data.split([0.75, 0.25], { by: "group", column: "user", seed });
    for (const id of usersOf(test)) counts[id - data.schema.fields[0].offset - 1]++;
  }
  // Five standard deviations of a share of 400 draws.
  counts.forEach((count, user) => assert(Math.abs(count / draws - 0.25) < 0.11, `user ${user}: ${count / draws}`));
});

Deno.test("a group larger than any part, and groups too large for a small part, leave no part empty", () => {
  const one = clicks(4, (user) => user === 0 ? 90 : 3).split([0.5, 0.5], { by: "group", column: "user", seed: 1 });
  assertEquals(one.map(({ rows }) => rows), [90, 9]);
  const equal = clicks(20, () => 50).split([0.98, 0.02], { by: "group", column: "user", seed: 1 });
  assertEquals(equal.map(({ rows }) => rows), [950, 50]);
  assertThrows(
    () => clicks(1, () => 9).split([0.5, 0.5], { by: "group", column: "user", seed: 1 }),
    RangeError,
    "9 rows with none left for part 2",
  );
});

Deno.test("a split by label gives each part the share of each label to within a row", () => {
  const data = clicks(100, () => 10);
  const fractions = [0.8, 0.15, 0.05];
  const parts = data.split(fractions, { by: "label", seed: 2 });
  parts.forEach((part, p) => {
    assert(Math.abs(part.positives - fractions[p] * data.positives) < 1, `${part.positives} positives in part ${p}`);
    const negatives = data.rows - data.positives;
    assert(Math.abs(part.rows - part.positives - fractions[p] * negatives) < 1);
    const numbers = numbersOf(part);
    assertEquals(numbers, numbers.toSorted((a, b) => a - b));
  });
  assertEquals(new Set(parts.flatMap(numbersOf)).size, data.rows);
});

Deno.test("a split by label keeps the combinations of several labels together, unknown ones too", () => {
  const rows = Array.from(
    { length: 400 },
    (_, r) => ({ click: +(r % 4 === 0), buy: r % 3 ? +(r % 5 === 0) : "", user: r }),
  );
  const data = readRows(rows, { labels: ["click", "buy"], features: [categorical("user")] }, {
    onMissingLabel: "skip",
  });
  const countsOf = (part: Dataset): Map<string, number> => {
    const counts = new Map<string, number>();
    for (let row = 0; row < part.rows; row++) {
      const key = part.labelColumns.map((column) => column[row]).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  };
  const all = countsOf(data);
  assertEquals(all.size, 6);
  for (const { test } of kFold(data, 4, { seed: 1, stratify: true })) {
    const counts = countsOf(test);
    for (const [key, count] of all) assert(Math.abs((counts.get(key) ?? 0) - count / 4) < 1, `${key} of ${test.rows}`);
  }
});

Deno.test("a split that does not go with its options is refused", () => {
  const data = clicks(10, () => 2);
  const split = (options: object) => () => data.split([0.5, 0.5], options as { seed: number });
  assertThrows(
    split({ by: "group", column: "row", seed: 1 }),
    RangeError,
    'categorical field ("user"), received "row"',
  );
  assertThrows(
    split({ by: "label", column: "user", seed: 1 }),
    RangeError,
    'by must be "group" where there is a column',
  );
  assertThrows(split({ by: "time", seed: 1 }), RangeError, 'by must be "label" where there is a seed, received "time"');
  const unlabeled = readRows([{ user: 1, row: 1 }, { user: 2, row: 2 }], data.schema);
  assertThrows(() => unlabeled.split([0.5, 0.5], { by: "label", seed: 1 }), RangeError, "needs labels");
});

Deno.test("each row is held out by one fold of k, and trains the others", () => {
  const data = clicks(101, () => 1);
  const folds = [...kFold(data, 5, { seed: 1 })];
  assertEquals(folds.map(({ test }) => test.rows).toSorted(), [20, 20, 20, 20, 21]);
  for (const { training, test } of folds) {
    assertEquals([...numbersOf(training), ...numbersOf(test)].toSorted((a, b) => a - b), numbersOf(data));
  }
  assertEquals(new Set(folds.flatMap(({ test }) => numbersOf(test))).size, 101);
  assertEquals(
    [...kFold(data, 5, { seed: 1 })].map(({ test }) => numbersOf(test)),
    folds.map((f) => numbersOf(f.test)),
  );
  assertThrows(() => kFold(data, 1, { seed: 1 }), RangeError, "at least 2, received 1");
  assertThrows(() => kFold(data, 102, { seed: 1 }), RangeError, "each part must have a row");
  assertThrows(() => kFold(data, 5, { seed: -1 }), RangeError, "seed must be an integer");
});

Deno.test("folds by group and label keep groups whole and shares of labels near", () => {
  const data = clicks(300, (user) => 1 + user % 6);
  for (const stratify of [false, true]) {
    const folds = [...kFold(data, 5, { seed: 1, groups: "user", stratify })];
    for (const { training, test } of folds) {
      assertEquals(usersOf(training).intersection(usersOf(test)).size, 0);
      assert(Math.abs(test.rows - data.rows / 5) <= (stratify ? 6 : 1), `${test.rows} of ${data.rows} rows`);
      if (stratify) assert(Math.abs(rateOf(test) - rateOf(data)) < 0.01, `${rateOf(test)} of ${rateOf(data)}`);
    }
  }
});

const TEXT = ["click,user,site", ...Array.from({ length: 60 }, (_, r) => `${+(r % 3 === 0)},u${r % 20},s${r}`)].join(
  "\n",
);

Deno.test("splits and folds of a file keep the groups of columns outside the schema, and fit to training rows alone", async () => {
  const file = new File([TEXT], "rows.csv");
  const schema = { label: "click", features: [categorical("site")] };
  const site = (data: Dataset) => data.schema.fields[0].vocabulary!.map((name) => Number(name.slice(1)) % 20);
  const by = { by: "group", column: "user", seed: 1 } as const;
  const [training, test] = await readCsvSplit(file, schema, [0.7, 0.3], by);
  assertEquals([training.rows, test.rows, test.outOfVocabulary], [42, 18, [18]]);
  const again = await readDataSplit(file, schema, [0.7, 0.3], by);
  assertEquals(again.map(({ ids }) => ids), [training.ids, test.ids]);
  // Whole groups: each user has three sites, and the vocabulary is that of the training rows.
  assertEquals([site(training).length, new Set(site(training)).size], [42, 14]);

  const rare = { label: "click", features: [categorical("user", { minCount: 4 }), categorical("site")] };
  const [fitting] = await readCsvSplit(file, rare, [0.7, 0.3], by);
  assertEquals([fitting.rows, fitting.outOfVocabulary[0]], [42, 42]);

  let held = 0;
  for (const fold of await readCsvFolds(file, schema, 4, { seed: 1, groups: "user" })) {
    assertEquals([fold.training.rows, fold.test.rows, fold.test.outOfVocabulary], [45, 15, [15]]);
    assertEquals(new Set(site(fold.training)).size, 15);
    held += fold.test.rows;
  }
  assertEquals(held, 60);
});

Deno.test("a log of events is split by its users", async () => {
  const log = ["click,who,item,at", ...Array.from({ length: 40 }, (_, r) => `${r % 2},u${r % 8},i${r % 7},${r}`)].join(
    "\n",
  );
  const schema = { label: "click", features: [categorical("item"), sequence("history", { of: "item" })] };
  const columns = { user: "who", item: "item", time: "at" };
  const by = { by: "group", column: "who", seed: 1 } as const;
  const [training, test] = await readEventsSplit(new File([log], "l.csv"), schema, [0.75, 0.25], { ...columns, ...by });
  assertEquals([training.rows, test.rows], [30, 10]);
});
