import { ByteTable, padded, UNKNOWN } from "../../src/data/byte_table.ts";
import { cross } from "../../src/data/derived/cross.ts";
import { ColumnEncoder, type ColumnValues, encodeColumns } from "../../src/data/encode_columns.ts";
import { digitsOf } from "../../src/data/digits.ts";
import type { FittedSchema } from "../../src/data/fitted_schema.ts";
import { randomUnit } from "../../src/data/random.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import type { TextRules } from "../../src/data/text_rules.ts";
import { placeTexts, type TextsFault, Utf8Texts } from "../../src/data/utf8_texts.ts";
import { join, texts } from "../serve/wire.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

/** Texts that are easily taken for others. */
const AWKWARD = [
  ...["", " ", "a", "A", " a", "a ", "\ta\n", "aa", "NA", "na", " NA ", "7", "7.0", "-0", "0", "1e39"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "present"],
  ...["\0", "a\0", "a\0\0\0", "\0a", "12345678", "123456789", "1234567\0", "12345678\0"],
  ...["é", "e\u0301", "É", "ﬁ", "fi", "Ａ", "İ", "i̇", "日本語です", "😀", "\ufeff", "\ufeffa", "\ufffd", "\u00a0a"],
  ...["long enough for two hashes", "long enough for two hashEs", "x".repeat(127), "x".repeat(128), "x".repeat(300)],
];

function draw(count: number, seed: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const place = Math.floor(randomUnit(seed, 0, i) * (AWKWARD.length + 8));
    // Runs of one value, and values that training never had.
    if (place < AWKWARD.length) return AWKWARD[i % 3 === 0 ? Math.floor(i / 9) % AWKWARD.length : place];
    return `v${Math.floor(randomUnit(seed, 1, i) * 1e4)}`;
  });
}

const read = (values: readonly string[]): Utf8Texts => {
  const found = Utf8Texts.read(texts(...values), values.length);
  assert(found instanceof Utf8Texts);
  return found;
};

/** Compares what comes of a column in two forms. */
function agree(schema: FittedSchema, rows: number, one: ColumnValues, other: ColumnValues): void {
  const encoder = new ColumnEncoder(schema);
  assert([...encoder.prepare()].length <= schema.fields.length);
  const [a, b] = [one, other].map((given) => attempt(() => encoder.encode(rows, new Map([["c", given]]))));
  assertEquals(a, b);
}

function attempt(work: () => ReturnType<typeof encodeColumns>): unknown {
  try {
    const { ids, values, coverage } = work();
    return { ids, values, coverage };
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

const RULES: Record<string, TextRules> = {
  "as they are": {},
  trimmed: { trim: true },
  "in small letters": { lowerCase: true },
  "in one normal form": { unicode: "NFC" },
  "with all rules": { trim: true, lowerCase: true, unicode: "NFKC" },
};

const FEATURES = {
  c: categorical("c"),
  rare: categorical("rare", { column: "c", minCount: 3 }),
  buckets: categorical("buckets", { column: "c", minCount: 2, newValueBuckets: 5 }),
  hashed: categorical("hashed", { column: "c", hashBuckets: 7 }),
  filled: categorical("filled", { column: "c", ifMissing: "mode" }),
  named: categorical("named", { column: "c", ifMissing: { value: "elsewhere" }, indicator: true }),
  present: categorical("present", { column: "c", presence: true }),
};

for (const [name, rules] of Object.entries(RULES)) {
  for (const missing of [[""], ["", "NA", "é", "7"], []]) {
    Deno.test(`texts ${name} have the rows of their bytes where ${JSON.stringify(missing)} means missing`, () => {
      // Half a character can be in a vocabulary that came from JSON; no bytes are its own.
      const training: Row[] = [...draw(300, 1), "\ud800", "\ud800"].map((c, i) => ({ c, y: i % 2 }));
      const features = Object.values(FEATURES);
      const { schema } = readRows(training, { label: "y", ...rules, features }, { missing });
      for (const [seed, rows] of [[1, 300], [2, 1], [3, 500]]) {
        const values = draw(rows, seed);
        agree(schema, rows, { texts: read(values) }, { values });
      }
      for (const text of AWKWARD) agree(schema, 2, { texts: read([text, text]) }, { values: [text, text] });
    });
  }
}

Deno.test("texts of columns that are made of others, or are numbers, are read as strings", () => {
  const training = draw(200, 1).map((c, i) => ({ c: `${c.length}`, d: c, y: i % 2 }));
  const features = [numeric("c"), numeric("cut", { column: "c", buckets: 3 }), cross(["c", "d"]), categorical("d")];
  const { schema } = readRows(training, { label: "y", features });
  for (const values of [training.map(({ c }) => c), ["1", "x"], ["", " 3"]]) {
    agree(schema, values.length, { texts: read(values) }, { values });
  }
});

Deno.test("numbers are read as their texts are", () => {
  const training = [1, 2.5, -3, 1e6, 4, 4].map((c, i) => ({ c, y: i % 2 ? "yes" : "no" }));
  const features = [
    numeric("c", { scale: "standard" }),
    numeric("log", { column: "c", scale: "log", clamp: true }),
    numeric("cut", { column: "c", buckets: 3 }),
    numeric("near", { column: "c", ifMissing: "mean" }),
  ];
  const numbers = [[1, 2.5, -0, 0, 7], [NaN, 4, 4, NaN], [-1, 1e-30, 5], [Infinity], [1, 1e300], [3e38, -3e38]];
  const label = { label: "y", positive: "yes" };
  for (const missing of [[""], ["-1", "0"], [" 4 ", "７", "1"]]) {
    for (const rules of [{}, { trim: true, lowerCase: true, unicode: "NFKC" as const }]) {
      const { schema } = readRows(training, { ...label, ...rules, features }, { missing });
      const names = readRows(training, { ...label, ...rules, features: [categorical("c")] }, { missing }).schema;
      for (const list of numbers.flatMap((list) => [Float64Array.from(list), Float32Array.from(list)])) {
        const values = Array.from(list, (x) => Number.isNaN(x) ? null : x);
        const strings = values.map((x) => x === null ? null : `${x}`);
        agree(schema, list.length, { numbers: list }, { values: strings });
        agree(schema, list.length, { values }, { values: strings });
        agree(names, list.length, { numbers: list }, { values });
      }
      const integers = BigInt64Array.of(1n, 7n, -1n, 7n, 2n ** 53n + 1n, 2n ** 62n);
      for (const fitted of [schema, names]) {
        for (const numbers of [integers, integers.subarray(0, 4)]) {
          agree(fitted, numbers.length, { numbers }, { values: Array.from(numbers, String) });
        }
      }
    }
  }
});

Deno.test("the digits of integers are those of their texts", () => {
  const powers = Array.from({ length: 16 }, (_, k) => [10 ** k - 1, 10 ** k, -(10 ** k)]).flat();
  const numbers = [0, -0, 7, 2 ** 31, -(2 ** 31), 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, ...powers];
  assertEquals([...digitsOf(Float64Array.from(numbers))!], numbers.map(String));
  const integers = [...numbers.map(BigInt), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
  assertEquals([...digitsOf(BigInt64Array.from(integers))!], integers.map(String));
  for (const other of [0.5, NaN, Infinity, 2 ** 53]) assertEquals(digitsOf(Float64Array.of(1, other)), undefined);
});

Deno.test("bytes are texts exactly where each of them can be decoded", () => {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const parts = [[0x61], [0xc3, 0xa9], [0xc3], [0xa9], [0xff], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80], []];
  for (let seed = 0; seed < 300; seed++) {
    const pieces = Array.from({ length: 4 }, (_, i) => {
      const bytes = parts[Math.floor(randomUnit(seed, 0, i) ** 2 * parts.length)];
      // Lengths of 128 and more have bytes that could belong to the characters before them.
      const repeat = randomUnit(seed, 1, i) < 0.3 ? 169 : 1;
      return new Uint8Array(Array.from({ length: repeat }, () => bytes).flat());
    });
    const whole = join(...pieces.flatMap((piece) => [new Uint8Array(Uint32Array.of(piece.length).buffer), piece]));
    const place = pieces.findIndex((piece) => {
      try {
        return utf8.decode(piece) === undefined;
      } catch {
        return true;
      }
    });
    const found = Utf8Texts.read(whole, pieces.length);
    if (place >= 0) assertEquals(found, { kind: "encoding", place });
    else assertEquals([...found as Utf8Texts], pieces.map((piece) => utf8.decode(piece)));
    const cut = Utf8Texts.read(whole.subarray(0, whole.length - 1), pieces.length);
    const fault: TextsFault = place >= 0 && place < 3 ? { kind: "encoding", place } : { kind: "cut" };
    if (pieces[3].length > 0) assertEquals(cut, fault);
  }
  assertEquals(Utf8Texts.read(texts("a", "b"), 3), { kind: "count", count: 2 });
});

Deno.test("a table numbers texts in their order, however many there are and whatever lies behind them", () => {
  const table = new ByteTable(2);
  const names = Array.from(
    { length: 5000 },
    (_, i) => i % 5 === 0 ? `name ${"of some length ".repeat(i % 3)}${i}` : `${i}`,
  );
  const block = padded(new TextEncoder().encode(names.join("")));
  const places: [number, number][] = [];
  for (const { length } of names) {
    const start = places.at(-1)?.[1] ?? 0;
    places.push([start, start + length]);
  }
  for (const [number, [start, end]] of places.entries()) {
    assertEquals(table.find(block, start, end), -1);
    assertEquals(number % 7 === 0 ? table.skip() : table.add(block, start, end), number);
  }
  places.forEach(([start, end], number) => assertEquals(table.find(block, start, end), number % 7 === 0 ? -1 : number));
  const found = new Int32Array(names.length);
  const all = read(names);
  const { starts, nexts } = placeTexts(all, names.length);
  const unknown = table.findAll(all, starts, nexts, found);
  assertEquals(unknown, names.filter((_, i) => i % 7 === 0).length);
  assertEquals([...found], names.map((_, i) => i % 7 === 0 ? UNKNOWN : i));
});

Deno.test("what is wrong with a text is told as it is told of a string", () => {
  const { schema } = readRows([{ c: 1, y: 0 }, { c: 2, y: 1 }], { label: "y", features: [numeric("c")] });
  const encode = (values: string[]) => () => encodeColumns(schema, 2, new Map([["c", { texts: read(values) }]]));
  assertThrows(encode(["1", "much"]), SyntaxError, 'Cannot read row 1: field "c": expected a finite number');
});
