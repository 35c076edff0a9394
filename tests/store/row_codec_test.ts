import { strideOf, type Table } from "../../src/graph/parameter.ts";
import { allRows } from "../../src/graph/row_spans.ts";
import { halvesOf, wordsOf } from "../../src/graph/table_storage.ts";
import { zeros } from "../../src/initializer.ts";
import { decodeRows, encodeRows } from "../../src/store/row_codec.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { quantizedReference } from "../reference/quantized.ts";
import { randomArray } from "../support.ts";

const STORAGES = ["f16", "int8", "int4"] as const;

const tableOf = (rows: number, dim: number): Table => ({
  ...{ name: "embedding", rows, spans: allRows(rows), dim, stride: strideOf(dim) },
  initializer: zeros(),
});

/** Rows of very different ranges: ordinary ones, constants, zeros, far from zero, tiny and large. */
function oddRows(dim: number): Float32Array {
  const shifts = [[0, 1], [0, 1e-4], [3, 1e-3], [-5, 2], [0, 0], [0.7, 0], [0, 1e-30], [1e4, 1e4], [0, 300], [
    -1e-6,
    1e-9,
  ]];
  return Float32Array.from(shifts.flatMap(([shift, scale], row) => [
    ...randomArray(dim, row + 1).map((x) => shift + scale * x),
  ]));
}

for (const storage of STORAGES) {
  for (const dim of [1, 2, 3, 8, 10, 16, 17]) {
    Deno.test(`${storage} rows of ${dim} numbers are read as the reference says, within its bounds`, () => {
      const values = oddRows(dim);
      const rows = values.length / dim;
      const table = tableOf(rows, dim);
      const read = decodeRows(table, storage, encodeRows(table, storage, values), rows);
      const { values: expected, bounds } = quantizedReference(values, dim, storage);
      for (let i = 0; i < read.length; i++) {
        assertEquals(read[i], Math.fround(expected[i]), `number ${i}`);
        const error = Math.abs(expected[i] - values[i]);
        const bound = bounds[Math.floor(i / dim)];
        assert(error <= bound * (1 + 1e-9), `number ${i}: ${values[i]} is read as ${read[i]}, bound ${bound}`);
      }
    });
  }
}

Deno.test("rows of zeros and of one number without more than 8 bits stay what they are", () => {
  for (const storage of STORAGES) {
    const values = Float32Array.from([0, 0, 0, 0, 0, -1.5, -1.5, -1.5, -1.5, -1.5]);
    const table = tableOf(2, 5);
    assertEquals(decodeRows(table, storage, encodeRows(table, storage, values), 2), values);
  }
});

Deno.test("rows take the words that they need", () => {
  const words = (storage: "f32" | (typeof STORAGES)[number], dim: number) => wordsOf(storage, { dim }, 3);
  assertEquals([1, 4, 10, 16].map((dim) => words("f32", dim)), [3, 12, 36, 48]);
  assertEquals([1, 4, 10, 16].map((dim) => words("f16", dim)), [2, 6, 15, 24]);
  assertEquals([1, 4, 10, 16].map((dim) => words("int8", dim)), [6, 6, 12, 15]);
  assertEquals([1, 4, 10, 16].map((dim) => words("int4", dim)), [6, 6, 9, 9]);
  assertEquals(halvesOf("f16", 1), 1);
});

Deno.test("numbers that a storage cannot hold are refused", () => {
  const cases = [
    ["f16", 65505, 'Cannot quantize "embedding": f16 holds numbers up to 65504, received 65505 in row 1'],
    [
      "int8",
      1e38,
      'Cannot quantize "embedding": int8 holds numbers up to 8.507059173023462e+37, received 1e+38 in row 1',
    ],
    ["int4", NaN, 'Cannot quantize "embedding": int4 holds numbers up to 8.507059173023462e+37, received NaN in row 1'],
  ] as const;
  for (const [storage, value, message] of cases) {
    const error = assertThrows(() => encodeRows(tableOf(2, 2), storage, Float32Array.of(0, 1, 2, value)), RangeError);
    assert(error.message.startsWith(message.slice(0, 60)), error.message);
  }
});
