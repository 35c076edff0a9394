import { encodeParquet } from "../../src/cli/prediction_parquet.ts";
import { nameCurves, nameProbabilities, type PredictionColumns, Predictions } from "../../src/cli/predictions.ts";
import { parquetReadObjects } from "npm:hyparquet@1.33.0";
import { PredictionError } from "../../src/model/requirements.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

/** Follows rows of one column each; a row with a fault cannot be encoded. */
function follow(rows: readonly { id: string; fault?: string }[]): Predictions {
  const predictions = new Predictions(["id"]);
  rows.forEach(({ id, fault }, index) => {
    predictions.row({ file: index < 2 ? "a.csv" : "b.csv", line: index + 2, texts: [id], fault });
  });
  return predictions;
}

/** Encodes parts as a Parquet file. */
async function packed(...parts: PredictionColumns[]): Promise<ArrayBuffer> {
  const chunks = await Array.fromAsync(encodeParquet(ReadableStream.from(parts))) as Uint8Array<ArrayBuffer>[];
  return await new Blob(chunks).arrayBuffer();
}

Deno.test("predictions are written in few digits and read back as the same float32", () => {
  const probabilities = new Float32Array(5000).map((_, row) => 1 / (1 + Math.exp((row - 2500) / 300)));
  const predictions = new Predictions([]);
  probabilities.forEach((_, row) => predictions.row({ file: "a.csv", line: row + 2, texts: [] }));
  const named = nameProbabilities({ click: probabilities });
  const lines = [predictions.formatHeader(named), ...predictions.format(named)].join("").split("\n");
  assertEquals([lines.length, lines[0], lines.at(-1)], [5002, "probability", ""]);
  assertEquals(new Float32Array(lines.slice(1, -1).map(Number)), probabilities);
});

Deno.test("a row that cannot be encoded has a line without a probability, ids are quoted where they must be", () => {
  const predictions = follow([{ id: "7" }, { id: "", fault: "expected 3 fields" }, { id: 'a,"b"' }, { id: " c" }]);
  assertEquals([predictions.rows, predictions.faults], [4, 1]);
  const named = nameProbabilities({ click: new Float32Array([0.1, 1e-9, 1]) });
  assertEquals(
    [predictions.formatHeader(named), ...predictions.format(named)].join(""),
    'id,probability\n7,0.100000001\n,\n"a,""b""",9.99999972e-10\n" c",1\n',
  );
});

Deno.test("several tasks have a column each, all empty in a row that cannot be encoded", () => {
  const predictions = follow([{ id: "7" }, { id: "8", fault: "expected 3 fields" }, { id: "9" }]);
  const predicted = { click: new Float32Array([0.5, 0.25]), "buy, late": new Float32Array([0.125, 0]) };
  assertEquals(
    [predictions.formatHeader(nameProbabilities(predicted)), ...predictions.format(nameProbabilities(predicted))].join(
      "",
    ),
    'id,probability_click,"probability_buy, late"\n7,0.5,0.125\n8,,\n9,0.25,0\n',
  );
});

Deno.test("a probability that is not a number is refused by the file and line of its row", () => {
  const predictions = follow([{ id: "1" }, { id: "2", fault: "none" }, { id: "3" }, { id: "4" }, { id: "5" }]);
  assertEquals(
    predictions.located(new PredictionError(2, 2)).message,
    'Cannot predict for "b.csv" line 5 and 1 other row: probability must be a finite number, received NaN',
  );
  assertStringIncludes(predictions.located(new PredictionError(0, 1)).message, '"a.csv" line 2:');
});

Deno.test("survival curves have a column for each interval and one for the expected time", () => {
  const curves = { churn: { ends: [0, 7, 30], survival: new Float32Array([0.5, 0.25]), expectedTime: [9] } };
  const named = nameCurves(curves as unknown as Parameters<typeof nameCurves>[0]);
  assertEquals(Object.entries(named).map(([name, [value]]) => [name, value]), [
    ["survival_churn_7", 0.5],
    ["survival_churn_30", 0.25],
    ["expected_churn", 9],
  ]);
});

Deno.test("predictions in Parquet are those of the CSV file, null where a row cannot be encoded", async () => {
  const predictions = follow([{ id: "7" }, { id: "", fault: "expected 3 fields" }, { id: "9007199254740993" }]);
  const named = nameProbabilities({ click: new Float32Array([0.1, 0.7]) });
  const more = nameProbabilities({ click: new Float32Array([0.25]) });
  const bytes = await packed(predictions.tabulate(named), follow([{ id: "1" }]).tabulate(more));
  const rows = await parquetReadObjects({ file: bytes });
  assertEquals(rows, [
    { id: "7", probability: Math.fround(0.1) },
    { id: "", probability: null },
    { id: "9007199254740993", probability: Math.fround(0.7) },
    { id: "1", probability: 0.25 },
  ]);
  const twice = new Predictions(["probability"]);
  await assertRejects(
    () => packed(twice.tabulate(named)),
    RangeError,
    'must differ, received "probability" twice',
  );
});

Deno.test("a probability of a file without lines is refused by its row", () => {
  const predictions = new Predictions([]);
  predictions.row({ file: "a.parquet", line: 3, unit: "row", texts: [] });
  assertStringIncludes(predictions.located(new PredictionError(0, 1)).message, '"a.parquet" row 3:');
});
