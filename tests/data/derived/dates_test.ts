import { assertEquals, assertThrows } from "@std/assert";
import { readCsv } from "../../../src/data/csv.ts";
import { createDateReader } from "../../../src/data/derived/date_format.ts";
import { createPartReader, DATE_PARTS } from "../../../src/data/derived/date_parts.ts";
import { type DateOptions, dateParts } from "../../../src/data/derived/dates.ts";
import { randomUnit } from "../../../src/data/random.ts";
import { readDataSplit } from "../../../src/data/refit.ts";
import { readRows } from "../../../src/data/rows.ts";
import { categorical, parseSchema } from "../../../src/data/schema.ts";
import { InputColumns } from "../../../src/serve/inputs.ts";
import { file, rowsOf } from "../files.ts";
import { contentOf, encodeEverywhere, readEverywhere } from "./sources.ts";

/** Returns the names of all parts of a text. */
function namesOf(text: string, { format = "auto", timeZone = "UTC" }: DateOptions = {}): string[] {
  const instant = createDateReader("x", format)(text);
  return DATE_PARTS.map((part) => createPartReader(part, timeZone)(instant));
}

Deno.test("parts of dates are those of clock and calendar, in UTC or another zone", () => {
  // 21 October 2014 was a Tuesday.
  assertEquals(namesOf("2014-10-21 01:00:00"), ["1", "tuesday", "no", "10", "21"]);
  assertEquals(namesOf("2014-10-21"), ["0", "tuesday", "no", "10", "21"]);
  assertEquals(namesOf("1413853200"), namesOf("2014-10-21 01:00:00"));
  assertEquals(namesOf("1413853200.75"), namesOf("2014-10-21 01:00:00"));
  assertEquals(namesOf("1413853200000", { format: "milliseconds" }), namesOf("2014-10-21 01:00:00"));
  assertEquals(namesOf("20141021", { format: "seconds" }), ["2", "saturday", "yes", "8", "22"]);
  assertEquals(namesOf("14102101", { format: "yyMMddHH" }), namesOf("2014-10-21 01:00:00"));
  assertEquals(namesOf("21.10.2014 23:59:58", { format: "dd.MM.yyyy HH:mm:ss" }), ["23", "tuesday", "no", "10", "21"]);
  const newYork = { timeZone: "America/New_York" };
  assertEquals(namesOf("2014-10-21 01:00:00", newYork), ["21", "monday", "no", "10", "20"]);
  assertEquals(namesOf("2014-10-21T01:00:00-04:00", newYork), ["1", "tuesday", "no", "10", "21"]);
  assertEquals(namesOf("2016-12-31 20:00", { timeZone: "Asia/Tokyo" }), ["5", "sunday", "yes", "1", "1"]);
  assertEquals(namesOf("-86400"), ["0", "wednesday", "no", "12", "31"]);
});

Deno.test("hours of zones whose clocks change are those that Intl shows", () => {
  for (const timeZone of ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]) {
    const clock = new Intl.DateTimeFormat("en-US", { timeZone, hour: "numeric", hourCycle: "h23", day: "numeric" });
    const hour = createPartReader("hour", timeZone);
    const day = createPartReader("day", timeZone);
    for (let i = 0; i < 2000; i++) {
      // 2000 to 2030, and around the changes of the clocks in 2024.
      const instant = i < 1000
        ? 946684800000 + Math.floor(randomUnit(5, i) * 9.5e11)
        : 1704067200000 + (i - 1000) * 3.16e7;
      const shown = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
      assertEquals([hour(instant), day(instant)], [String(shown.hour), String(shown.day)], `${timeZone} ${instant}`);
    }
  }
});

Deno.test("texts that are no dates of the form are none", () => {
  const refused: [string, string][] = [
    ["auto", "yesterday"],
    ["auto", "2024-02-30"],
    ["auto", "1e300"],
    ["seconds", "2014-10-21"],
    ["yyyyMMdd", "20240230"],
    ["yyyyMMdd", "2024-02-29"],
    ["yyyyMMddHH", "2024022924"],
    ["yyyy.MM.dd", "2024x02x28"],
  ];
  for (const [format, text] of refused) assertEquals(createDateReader("x", format)(text), NaN, `${format} ${text}`);
  assertEquals(createDateReader("x", "yyyyMMdd")("20240229"), Date.UTC(2024, 1, 29));
});

const clicks = [
  { y: "1", time: "2014-10-21 01:00:00" },
  { y: "0", time: "2014-10-25 13:30" },
  { y: "1", time: null },
  { y: "0", time: "2014-10-22T01:59:59Z" },
];

const features = dateParts("time", { parts: ["hour", "weekday", "weekend", "month", "day"] });

Deno.test("a column of dates becomes fields, whatever the rows come from", async () => {
  const data = await readEverywhere(clicks, { label: "y", features });
  const vocabularies = data.schema.fields.map(({ vocabulary }) => vocabulary);
  assertEquals(vocabularies.slice(0, 3), [["1", "13"], ["saturday", "tuesday", "wednesday"], ["no", "yes"]]);
  assertEquals(rowsOf(data, 0), [2, 3, 1, 2]);
  // A blank line is no row of delimited text: another column keeps it from being one.
  const times = ["1413853200", "2014-10-21 02:00", null];
  const later = await encodeEverywhere(times.map((time) => ({ time, ad: "a" })), data.schema);
  assertEquals(rowsOf(later, 0), [2, 0, 1]);
  assertEquals(rowsOf(later, 1), [3, 3, 1]);
});

Deno.test("a server takes numbers and texts of dates, and says which row has none", () => {
  const { schema } = readRows(clicks, { label: "y", features });
  const inputs = new InputColumns(schema);
  assertEquals(inputs.descriptions, [{ name: "time", datatype: "BYTES", shape: [-1] }]);
  assertEquals(inputs.encode([{ time: 1413853200.5 }]).ids, inputs.encode([{ time: "2014-10-21 01:00" }]).ids);
  const message = 'Cannot read row 1: field "time_hour": expected a number of seconds or a date such as';
  assertThrows(() => inputs.encode([{ time: 0 }, { time: "noon" }]), Error, message);
});

Deno.test("a malformed date makes its row malformed, and is refused or counted", async () => {
  const text = "y,time\n1,2014-10-21\n0,21/10/2014\n0,2014-10-22\n";
  const data = await readCsv(file(text), { label: "y", features }, { onBadRow: "skip" });
  assertEquals([data.rows, data.skipped], [2, 1]);
  assertEquals(
    data.skippedReasons[0],
    'train.csv:3: field "time_hour": expected a number of seconds or a date such as 2014-10-21 01:00:00, received "21/10/2014"',
  );
});

Deno.test("parts of the schema's time are fitted to the training part alone", async () => {
  const schema = { label: "y", time: "time", features: [categorical("ad"), ...dateParts("time")] };
  const rows = [3, 1, 2, 0].map((day, i) => ({ y: i % 2, ad: `a${day}`, time: `2014-10-2${day}T0${day}:00:00Z` }));
  const [training, test] = await readDataSplit(rows, schema, [0.5, 0.5], { by: "time" });
  assertEquals(contentOf(training), contentOf(readRows([rows[3], rows[1]], schema)));
  assertEquals(rowsOf(test, 1), [0, 0]);
  const [served] = [training.schema].map((fitted) => readRows([{ ad: "a0", time: rows[3].time }], fitted));
  assertEquals(rowsOf(served, 1), [1]);
});

Deno.test("a text that means missing is no hour of that name", () => {
  const schema = { label: "y", features: dateParts("time", { parts: ["hour"] }) };
  const data = readRows([{ y: 1, time: 0 }, { y: 0, time: -1 }], schema, { missing: ["-1", "0.0"] });
  assertEquals(rowsOf(data, 0), [2, 1]);
});

Deno.test("dates that cannot be read are refused when they are declared", () => {
  const refuses = (from: object, message: string) => {
    const declared = [{ kind: "categorical", name: "c", from: { date: "t", part: "hour", ...from } }];
    assertThrows(() => parseSchema({ label: "y", features: declared }), Error, message);
  };
  refuses({ part: "minute" }, 'part of feature "c" must be one of hour, weekday, weekend, month, day');
  refuses({ timeZone: "Mars/Olympus" }, 'timeZone of feature "c" must be a zone such as Europe/Berlin');
  refuses({ format: "yyyy" }, 'format of feature "c" must be auto, seconds, milliseconds or a pattern');
  refuses({ format: "yyyyMMddMM" }, "each once");
  refuses({ format: "yyyyMMdd" }, 'format of feature "c" must have HH');
  refuses({ date: "y" }, 'feature "c" must not be the label');
  refuses({ zone: "UTC" }, 'from of feature "c" can have date, part, format, timeZone, received "zone"');
  assertThrows(() => dateParts("t", { part: "hour" } as DateOptions), TypeError, "can have parts, format, timeZone");
});
