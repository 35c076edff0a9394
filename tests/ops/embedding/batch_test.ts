import { Graph } from "../../../src/graph/graph.ts";
import { cutBatch } from "../../../src/ops/embedding/batch.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { run } from "../../run.ts";
import { step } from "../../support.ts";

interface Case {
  fields: number;
  capacity: number;
  batch: number;
  rows: number;
  first: number;
  values: boolean;
  tasks: number;
  weighted?: boolean;
}

async function checkCut({ fields, capacity, batch, rows, first, values, tasks, weighted }: Case): Promise<void> {
  const graph = new Graph("train");
  const data = {
    "data.ids": Uint32Array.from({ length: fields * capacity }, (_, i) => i * 2654435761 % 1000003 + 1),
    "data.values": Float32Array.from({ length: fields * capacity }, (_, i) => i + 0.5),
    "data.labels": Float32Array.from({ length: tasks * capacity }, (_, i) => i % 7 + 1),
    "data.order": Uint32Array.from({ length: capacity }, (_, i) => (i * 7 + 3) % capacity),
  };
  const cut = cutBatch(
    {
      ids: graph.input("data.ids", [fields, capacity], "u32"),
      values: values ? graph.input("data.values", [fields, capacity]) : undefined,
      labels: tasks > 0 ? graph.input("data.labels", [tasks, capacity]) : undefined,
      order: graph.input("data.order", [capacity], "u32"),
      weighted,
    },
    fields,
    capacity,
  );
  const outputs = [cut.ids, cut.values, cut.targets].filter((tensor) => tensor !== undefined);
  assertEquals(outputs.map((tensor) => tensor.dtype), ["u32", ...outputs.slice(1).map(() => "f32" as const)]);
  const results = await run(outputs, { batch, steps: [step(rows, { first })], inputs: data });
  const pick = (source: ArrayLike<number>, f: number): number[] =>
    Array.from({ length: batch }, (_, b) => b < rows ? source[f * capacity + data["data.order"][first + b]] : 0);
  const all = Array.from({ length: fields }, (_, f) => f);
  assertEquals([...new Uint32Array(results.shift()!)], all.flatMap((f) => pick(data["data.ids"], f)));
  if (values) assertEquals([...new Float32Array(results.shift()!)], all.flatMap((f) => pick(data["data.values"], f)));
  if (tasks === 0) return;
  const labels = Array.from({ length: tasks }, (_, t) => pick(data["data.labels"], t));
  // The last of the labels is the weight, or a weight of 1 is added.
  const weights = weighted ? [] : Array.from({ length: batch }, (_, b) => Number(b < rows));
  assertEquals([...new Float32Array(results.shift()!)], [...labels.flat(), ...weights]);
}

const plain = { fields: 10, capacity: 100, batch: 37, rows: 37, first: 20, values: false, tasks: 1 };

Deno.test("cutBatch gathers ids and labels in the epoch's order", () => checkCut(plain));
Deno.test("cutBatch gathers ids alone", () => checkCut({ ...plain, tasks: 0 }));
Deno.test("cutBatch gathers ids, values and labels", () => checkCut({ ...plain, values: true }));
Deno.test("cutBatch gathers ids and values", () => checkCut({ ...plain, values: true, tasks: 0 }));
Deno.test("cutBatch gathers the labels of several tasks", () => checkCut({ ...plain, tasks: 3, first: 90, rows: 10 }));
Deno.test("cutBatch gathers weights behind the labels", () =>
  checkCut({ ...plain, tasks: 3, weighted: true, first: 90, rows: 10 }));
Deno.test("cutBatch zeroes padding rows of the last batch", () =>
  checkCut({ ...plain, values: true, first: 90, rows: 10 }));
Deno.test("cutBatch handles one row of one field", () =>
  checkCut({ ...plain, fields: 1, capacity: 1, batch: 1, rows: 1, first: 0, values: true }));
Deno.test("cutBatch handles more fields than one invocation copies", () =>
  checkCut({ ...plain, fields: 39, batch: 70, rows: 64 }));

Deno.test("cutBatch names the column whose shape differs", () => {
  const graph = new Graph("train");
  const ids = graph.input("data.ids", [3, 50], "u32");
  const order = graph.input("data.order", [50], "u32");
  const labels = graph.input("data.labels", [2, 49]);
  assertThrows(() => cutBatch({ ids, order }, 4, 50), TypeError, "ids must have shape [4, 50], received [3, 50]");
  assertThrows(
    () => cutBatch({ ids, order, labels }, 3, 50),
    TypeError,
    "labels must have shape [2, 50], received [2, 49]",
  );
});
