import { sequencesFrom } from "../../src/data/event_log.ts";
import { shuffled } from "../../src/data/random.ts";
import { readEvents, readEventsSplit } from "../../src/data/read_events.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { naiveHistories } from "../reference/event_log.ts";
import { file, gzip } from "./files.ts";
import { randomArray } from "../support.ts";

const COLUMNS = { user: "user", item: "item", time: "time" };

/** Draws events of few users, items and times, so that there are ties; some have no user or item. */
function drawEvents(count: number, seed: number): Row[] {
  const random = randomArray(4 * count, seed);
  const draw = (at: number, choices: number) => Math.floor((random[at] + 1) / 2 * choices);
  return Array.from({ length: count }, (_, k) => {
    const [user, item, time, kind] = [6, 9, 25, 2].map((choices, c) => draw(4 * k + c, choices));
    return { click: kind, user: user ? `u${user}` : "", item: item ? `i${item}` : "", cate: `c${item % 3}`, time };
  });
}

const SCHEMA: Schema = {
  label: "click",
  features: [
    categorical("item"),
    categorical("cate"),
    sequence("history", { of: "item", maxLength: 4 }),
    sequence("cates", { column: "history_cate", of: "cate", along: "history", maxLength: 4 }),
  ],
};

function toCsv(events: readonly Row[], columns = ["click", "user", "item", "cate", "time"]): string {
  return [columns, ...events.map((event) => columns.map((column) => event[column]))].join("\n");
}

for (const ties of ["apart", "order"] as const) {
  for (const maxLength of [1, 4, 50]) {
    Deno.test(`histories are those of a look at all pairs, ties ${ties}, at most ${maxLength}`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const events = drawEvents(10 * seed, seed);
        const where = seed % 2 === 0 ? { where: { click: 1 } } : {};
        const rows = sequencesFrom(events, { ...COLUMNS, along: ["cate"], maxLength, ties, ...where });
        const enters = (event: Row) => seed % 2 === 1 || event.click === 1;
        const expected = naiveHistories(events, { maxLength, ties, enters });
        expected.forEach((earlier, k) => {
          const history = earlier.map((other) => events[other].item as string);
          const history_cate = earlier.map((other) => events[other].cate as string);
          assertEquals(rows[k], { ...events[k], history, history_cate });
        });
      }
    });
  }
}

Deno.test("a history does not depend on the event itself, nor on later ones", () => {
  const events = drawEvents(80, 3);
  const before = sequencesFrom(events, COLUMNS);
  for (let k = 0; k < events.length; k++) {
    // Every event that is not strictly earlier becomes another one.
    const changed = events.map((event) => event.time! < events[k].time! ? event : { ...event, item: "other" });
    assertEquals(sequencesFrom(changed, COLUMNS)[k].history, before[k].history);
  }
});

Deno.test("the order of the log matters for ties alone", () => {
  const events = Array.from({ length: 60 }, (_, k) => ({ user: k % 3, item: k, time: k }));
  const order = shuffled(60, 1);
  const rows = sequencesFrom(Array.from(order, (k) => events[k]), COLUMNS);
  const sorted = sequencesFrom(events, COLUMNS);
  order.forEach((k, at) => assertEquals(rows[at], sorted[k]));
});

Deno.test("events count by a value or a test, dates are times, and numbers stay numbers", () => {
  const log = [
    { user: 1, item: 7, time: "2024-01-02", rating: 5 },
    { user: 1, item: 8n, time: "2024-01-01T23:00", rating: 2 },
    { user: 1, item: 9, time: "2024-01-03", rating: 4 },
  ];
  const liked = { rating: (rating: unknown) => Number(rating) >= 4 };
  assertEquals(sequencesFrom(log, COLUMNS).map(({ history }) => history), [[8n], [], [8n, 7]]);
  const options = { ...COLUMNS, name: "liked", where: liked };
  assertEquals(sequencesFrom(log, options).map((row) => row.liked), [[], [], [7]]);
  assertEquals(sequencesFrom(log, { ...COLUMNS, where: { rating: "2" } })[2].history, [8n]);
});

Deno.test("a log in a file or in memory becomes the data set of its rows with lists", async () => {
  const events = drawEvents(200, 5);
  const options = { ...COLUMNS, along: ["cate"], where: { click: 1 } };
  const rows = sequencesFrom(events, { ...options, maxLength: 4 });
  const expected = readRows(rows, SCHEMA, { unknown: "ignore" });
  const lines = events.map((event) => JSON.stringify(event)).join("\n");
  for (const source of [file(toCsv(events)), file(await gzip(lines), "log.jsonl.gz"), events]) {
    const data = await readEvents(source, SCHEMA, options);
    assertEquals([data.ids, data.labels, data.histories], [expected.ids, expected.labels, expected.histories]);
    assertEquals(data.coverage, expected.coverage);
    assertEquals(await data.schema.fingerprint(), await expected.schema.fingerprint());
  }
});

Deno.test("a log is split before the schema is fitted, and histories reach across the cut", async () => {
  const events = drawEvents(100, 6).map((event, time) => ({ ...event, time }));
  const options = { ...COLUMNS, along: ["cate"] };
  const split = { ...options, by: "position" };
  const [training, test] = await readEventsSplit(file(toCsv(events)), SCHEMA, [0.7, 0.3], split);
  const rows = sequencesFrom(events, { ...options, maxLength: 4 });
  const expected = readRows(rows.slice(0, 70), SCHEMA, { unknown: "ignore" });
  assertEquals([training.ids, training.histories], [expected.ids, expected.histories]);
  const later = readRows(rows.slice(70), expected.schema, { labeled: true, unknown: "ignore" });
  assertEquals([test.ids, test.histories, test.labels], [later.ids, later.histories, later.labels]);
});

Deno.test("rows to predict follow a log without labels, and rows left out enter no history", async () => {
  const log = "click,user,item,cate,time\n1,u,a,x,1\n0,u,b,y,2\nperhaps,u,a,x,3\n1,u,a,x,4\n";
  const options = { ...COLUMNS, along: ["cate"], where: { click: 1 } };
  const data = await readEvents(file(log), SCHEMA, { ...options, onBadRow: "skip" });
  assertEquals([data.rows, data.skipped, [...data.histories[0].offsets]], [3, 1, [0, 0, 1, 2]]);
  const predict = file(log.replace("perhaps", "0") + ",u,b,y,5\n");
  const rows = await readEvents(predict, data.schema, { ...options, labeled: false });
  const last = rows.slice(4, 5);
  assertEquals([rows.labeled, last.histories[0]], [false, {
    offsets: Uint32Array.of(0, 2),
    ids: Uint32Array.of(1, 4, 1, 4),
  }]);
});

Deno.test("fields of all kinds and sequences of the file stand beside the history", async () => {
  const schema: Schema = {
    label: "click",
    time: "time",
    features: [numeric("price"), categorical("user"), sequence("history"), sequence("tags", { combiner: "sum" })],
  };
  const log = file("click,user,item,price,tags,time\n1,u,a,0.5,p|q,2024-01-01\n0,u,b,,q,2024-01-02\n");
  const data = await readEvents(log, schema, COLUMNS);
  assertEquals(data.histories.map(({ offsets }) => [...offsets]), [[0, 0, 1], [0, 2, 3]]);
  assertEquals(data.schema.sequences.map(({ vocabulary }) => vocabulary), [["a"], ["q", "p"]]);
  assertEquals([...data.times!], [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)]);
});

Deno.test("logs and options that make no sense are refused", async () => {
  const refuse = (events: Row[], options: object, message: string) =>
    assertThrows(() => sequencesFrom(events, { ...COLUMNS, ...options }), Error, message);
  refuse([{ user: 1, item: 1, time: "soon" }], {}, 'row 0: column "time": expected a number or a date');
  refuse([{ user: 1, item: 1, time: 1 }, { user: 1, item: [1], time: 1 }], {}, 'row 1: "item" must be one value');
  refuse([], { maxLength: 0 }, "maxLength must be an integer of at least 1, received 0");
  refuse([], { ties: "none" }, 'ties must be "apart" or "order", received "none"');
  refuse([], { along: ["a", "a"] }, "columns of along must differ");
  refuse([], { user: "" }, "user must be a text");
  refuse([], { length: 5 }, 'received "length"');
  const log = file("click,user,item,cate,time\n1,u,a,x,1\n0,u,a,x,2\n");
  const plain = { label: "click", features: [categorical("item")] };
  await assertRejects(() => readEvents(log, plain, COLUMNS), TypeError, 'a sequence of a column "history"');
  await assertRejects(() => readEvents(log, { ...SCHEMA, time: "at" }, COLUMNS), TypeError, 'must be "time"');
  const who = { ...COLUMNS, user: "who", along: ["cate"] };
  await assertRejects(() => readEvents(log, SCHEMA, who), RangeError, 'no column "who" for the events');
  const bad = file("click,user,item,cate,time\n1,u,a,x,1\n0,u,a,x,soon\n");
  await assertRejects(() => readEvents(bad, SCHEMA, { ...COLUMNS, along: ["cate"] }), SyntaxError, "line 3");
  const rows = [{ click: 1, user: 1, item: "a", cate: "x", time: 1 }, { click: 1, user: 1, item: [1], time: 2 }];
  await assertRejects(() => readEvents(rows, SCHEMA, { ...COLUMNS, along: ["cate"] }), TypeError, 'row 1: "item"');
  const surplus = { ...COLUMNS, along: ["cate"], delimiter: "," };
  await assertRejects(() => readEvents(rows, SCHEMA, surplus), TypeError, 'received "delimiter"');
  const lines = file('{"click": 1, "user": 12345678901234567890, "item": 1, "cate": 1, "time": 1}', "log.jsonl");
  await assertRejects(
    () => readEvents(lines, SCHEMA, { ...COLUMNS, along: ["cate"] }),
    SyntaxError,
    'line 1: field "user": expected a number that a double holds exactly',
  );
});
