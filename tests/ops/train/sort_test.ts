import { assertEquals, assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { sortOccurrences, sortOccurrencesOnHost } from "../../../src/ops/train/sort.ts";
import { sortReference } from "../../reference/sort.ts";
import { run } from "../../run.ts";
import { randomArray, step } from "../../support.ts";

interface SortCase {
  fields: number;
  batch: number;
  rows?: number;
  rowCount: number;
  idOf: (uniform: number, o: number) => number;
  /** Rows of each field, which then holds its own rows only. */
  fieldRows?: number;
}

const uniform = (rowCount: number) => (u: number): number => Math.floor(u * rowCount);
const zipf = (rowCount: number) => (u: number): number => Math.floor(Math.exp(u * Math.log(rowCount + 1))) - 1;

const cases: Record<string, SortCase> = {
  "uniform rows": { fields: 7, batch: 300, rowCount: 100_000, idOf: uniform(100_000) },
  "Zipf-distributed rows": { fields: 7, batch: 300, rowCount: 5_000, idOf: zipf(5_000) },
  "a single row": { fields: 5, batch: 999, rowCount: 70_000, idOf: () => 69_999 },
  "one occurrence": { fields: 1, batch: 1, rowCount: 3, idOf: () => 2 },
  "a table of one row": { fields: 3, batch: 5, rowCount: 1, idOf: () => 0 },
  "a batch of one sample": { fields: 39, batch: 1, rowCount: 1_000, idOf: uniform(1_000) },
  "a partial batch": { fields: 7, batch: 300, rows: 111, rowCount: 4_095, idOf: uniform(4_095) },
  "an empty batch": { fields: 2, batch: 70, rows: 0, rowCount: 4_096, idOf: uniform(4_096) },
  "rows past the table": {
    fields: 4,
    batch: 700,
    rowCount: 50,
    idOf: (u, o) => o % 7 ? Math.floor(u * 60) : 0xffffffff,
  },
  "fields of their own rows": { fields: 7, batch: 300, rowCount: 7_000, fieldRows: 1_000, idOf: zipf(1_000) },
  "fields of one row": { fields: 3, batch: 65, rowCount: 3, fieldRows: 1, idOf: () => 0 },
  "a sample of several fields": { fields: 5, batch: 1, rowCount: 50, fieldRows: 10, idOf: uniform(10) },
  "a partial batch of fields": { fields: 4, batch: 256, rows: 100, rowCount: 400, fieldRows: 100, idOf: uniform(100) },
  "an empty batch of fields": { fields: 4, batch: 16, rows: 0, rowCount: 400, fieldRows: 100, idOf: uniform(100) },
  "fields of rows of 20 bits": {
    fields: 3,
    batch: 4096,
    rows: 4000,
    rowCount: 3_000_000,
    fieldRows: 1_000_000,
    idOf: zipf(1_000_000),
  },
  "fields whose keys do not fit a word": {
    fields: 2,
    batch: 1000,
    rowCount: 16_000_000,
    fieldRows: 8_000_000,
    idOf: uniform(8_000_000),
  },
  "a large partial batch of fields": {
    fields: 3,
    batch: 9000,
    rows: 8000,
    rowCount: 300,
    fieldRows: 100,
    idOf: uniform(100),
  },
  "a large batch of fields of one row": { fields: 3, batch: 9000, rowCount: 3, fieldRows: 1, idOf: () => 0 },
  "rows of 32 bits": { fields: 3, batch: 500, rowCount: 4_000_000_000, idOf: uniform(4_000_000_000) },
  "rows of 26 bits": { fields: 4, batch: 700, rowCount: 40_000_000, idOf: uniform(40_000_000) },
};

/** Whether workgroup memory and a word hold the keys of a field. */
const fitsNetwork = ({ batch, fieldRows }: SortCase): boolean =>
  fieldRows !== undefined && batch <= 4096 && fieldRows <= 1e6;

const variantsOf = (shape: SortCase): string[] => ["ranks", "counters", ...(fitsNetwork(shape) ? ["network"] : [])];

function idsOf({ fields, batch, idOf, fieldRows = 0 }: SortCase): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    randomArray(fields * batch, 5),
    (value, o) => Math.floor(o / batch) * fieldRows + idOf((value + 1) / 2, o),
  );
}

function sortOnHost(shape: SortCase): Uint32Array {
  const { fields, batch, rows = batch, rowCount } = shape;
  const size = 2 * fields * batch;
  const out = new Uint32Array(size);
  sortOccurrencesOnHost(idsOf(shape), fields, batch, rows, rowCount, out, new Uint32Array(size));
  return out;
}

/** Sorts by the kernels of that name, which are also proven where they are not the device's choice. */
async function sortOnDevice(shape: SortCase, kernels: string): Promise<Uint32Array> {
  const { fields, batch, rows = batch, rowCount, fieldRows } = shape;
  const graph = new Graph("train");
  const pairs = sortOccurrences(graph.input("ids", [fields, "B"], "u32"), rowCount, fieldRows);
  const [sorted] = await run([pairs], { batch, steps: [step(rows)], inputs: { ids: idsOf(shape) }, kernels });
  return new Uint32Array(sorted);
}

for (const [name, shape] of Object.entries(cases)) {
  const { fields, batch, rows = batch, rowCount } = shape;
  Deno.test(`the host sort is stable and complete on ${name}`, () =>
    assertEquals(sortOnHost(shape), sortReference(idsOf(shape), fields, batch, rows, rowCount)));
  for (const kernels of variantsOf(shape)) {
    Deno.test(`the device sort by ${kernels} has the host sort's bits on ${name}`, async () =>
      assertEquals(await sortOnDevice(shape, kernels), sortOnHost(shape)));
  }
}

for (const kernels of ["ranks", "counters"]) {
  Deno.test(`the device sort by ${kernels} has the host sort's bits on 159,744 occurrences`, async () => {
    const shape = { fields: 39, batch: 4096, rows: 4000, rowCount: 1_000_000, idOf: zipf(1_000_000) };
    const [device, host] = [await sortOnDevice(shape, kernels), sortOnHost(shape)];
    assertEquals(device.findIndex((value, i) => value !== host[i]), -1);
  });
}

Deno.test("sortOccurrencesOnHost() throws on an output that is too short", () => {
  assertThrows(
    () => sortOccurrencesOnHost(new Uint32Array(6), 3, 2, 2, 10, new Uint32Array(11), new Uint32Array(12)),
    RangeError,
    "Cannot sort occurrences: out must hold 12 numbers, received 11",
  );
});
