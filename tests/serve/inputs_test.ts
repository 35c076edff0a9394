import { assertEquals, assertThrows } from "@std/assert";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { RequestError } from "../../src/serve/error.ts";
import { InputColumns } from "../../src/serve/inputs.ts";
import type { Datatype, Element, InputTensor } from "../../src/serve/tensor.ts";

const rows = [
  { click: 1, user: "a", price: 1.5, age: 3, history: ["x", "y"], times: ["1", "2"], tags: ["p:0.5"] },
  { click: 0, user: "b", price: 2, age: null, history: [], times: [], tags: [] },
  { click: 0, user: "9007199254740993", price: 4, age: 5, history: ["y"], times: ["2"], tags: ["q:2", "p:1"] },
];

const { schema } = readRows(rows, {
  label: "click",
  features: [
    categorical("user"),
    numeric("price"),
    numeric("age"),
    sequence("history", { maxLength: 3 }),
    sequence("times", { maxLength: 3, along: "history" }),
    sequence("tags", { maxLength: 2, weights: ":", combiner: "sum" }),
  ],
});

const columns = new InputColumns(schema);
const expected = readRows(rows.map(({ click: _, ...row }) => row), schema);

const tensor = (name: string, datatype: Datatype, shape: number[], elements: Element[]): InputTensor => ({
  ...{ name, datatype, shape, elements },
});

const tensors = {
  user: tensor("user", "BYTES", [3], ["a", "b", "9007199254740993"]),
  price: tensor("price", "FP32", [3, 1], [1.5, 2, 4]),
  age: tensor("age", "FP64", [3], [3, NaN, 5]),
  history: tensor("history", "BYTES", [3, 2], ["x", "y", "", "", "", "y"]),
  times: tensor("times", "INT64", [3, 2], [1, 2, 0, 0, 2, 0]),
  times_length: tensor("times_length", "INT32", [3], [2, 0, 1]),
  tags: tensor("tags", "BYTES", [3], ["p:0.5", "", "q:2|p:1"]),
};

const refuses = (work: () => unknown, message: string) => {
  assertEquals(assertThrows(work, RequestError, message).status, 400);
};

Deno.test("inputs are described by column", () => {
  assertEquals(columns.descriptions, [
    { name: "user", datatype: "BYTES", shape: [-1] },
    { name: "price", datatype: "FP32", shape: [-1] },
    { name: "age", datatype: "FP32", shape: [-1] },
    { name: "history", datatype: "BYTES", shape: [-1, -1] },
    { name: "times", datatype: "BYTES", shape: [-1, -1] },
    { name: "tags", datatype: "BYTES", shape: [-1, -1] },
  ]);
});

Deno.test("rows and tensors are encoded as readRows encodes the rows", () => {
  for (
    const data of [
      columns.encode(rows.map(({ click: _, ...row }) => row)),
      columns.encodeTensors(Object.values(tensors)),
    ]
  ) {
    for (const name of ["rows", "ids", "values", "histories"] as const) assertEquals(data[name], expected[name], name);
  }
});

Deno.test("integers of 64 bits name values exactly", () => {
  const exact = { ...tensors, user: tensor("user", "INT64", [3], [0n, 1n, 9007199254740993n]) };
  assertEquals(columns.encodeTensors(Object.values(exact)).ids[2], expected.ids[2]);
});

Deno.test("what training never lacked must be there, all else may be left out", () => {
  const { user, price } = tensors;
  const plain = { user: "a", price: 1 };
  assertEquals(columns.encodeTensors([user, price]).histories[0].offsets, new Uint32Array(4));
  assertEquals(columns.encode([plain]).rows, 1);
  refuses(() => columns.encodeTensors([price]), 'input "user" is missing');
  refuses(() => columns.encode([plain, { user: "a" }]), 'Cannot read row 1: field "price" must have a value');
  refuses(() => columns.encode([{ ...plain, user: null }]), 'Cannot read row 0: field "user" must have a value');
});

Deno.test("what another value stands in for may be left out, and texts are treated as in training", () => {
  const features = [
    categorical("user", { ifMissing: "mode", indicator: true }),
    numeric("price", { ifMissing: "mean", indicator: true }),
    categorical("site"),
  ];
  const training = [{ click: 1, user: "A ", price: 3, site: "X" }, { click: 0, user: "a", price: 5, site: "y" }];
  const { schema } = readRows(training, { label: "click", trim: true, lowerCase: true, features });
  const columns = new InputColumns(schema);
  assertEquals(columns.descriptions.map(({ name, datatype }) => [name, datatype]), [
    ["user", "BYTES"],
    ["price", "FP32"],
    ["site", "BYTES"],
  ]);
  const expected = readRows([{ site: " x" }, { user: "A", price: 7, site: "Y" }], schema);
  const rows = columns.encode([{ site: " x" }, { user: "A", price: 7, site: "Y" }]);
  const tensors = columns.encodeTensors([
    tensor("site", "BYTES", [2], [" x", "Y"]),
    tensor("price", "FP64", [2], [NaN, 7]),
    tensor("user", "BYTES", [2], ["", "A"]),
  ]);
  for (const { ids, values } of [rows, tensors]) assertEquals([ids, values], [expected.ids, expected.values]);
  assertEquals([...expected.values!].slice(4, 6), [4, 7]);
  refuses(() => columns.encode([{ user: "a" }]), 'field "site" must have a value');
});

Deno.test("rows are refused by row and field", () => {
  const plain = { user: "a", price: 1 };
  refuses(() => columns.encode([plain, { ...plain, usr: 1 }]), "row 1");
  refuses(() => columns.encode([plain, { ...plain, usr: 1 }]), 'received "usr"');
  refuses(() => columns.encode([{ ...plain, price: "much" }]), '"price"');
  refuses(() => columns.encode([{ ...plain, user: {} as string }]), '"user" must be a text, a number');
  refuses(() => columns.encode([{ ...plain, user: 2 ** 60 }]), '"user": expected a number that a double holds exactly');
  refuses(() => columns.encode([{ ...plain, history: ["x"], times: [] }]), '"times"');
  const polluted = JSON.parse('{"user":"a","price":1,"__proto__":{"age":7}}');
  refuses(() => columns.encode([polluted]), 'received "__proto__"');
});

Deno.test("tensors are refused by name", () => {
  const { user, price, history } = tensors;
  const given = (...more: InputTensor[]) => () => columns.encodeTensors([user, price, ...more]);
  refuses(() => columns.encodeTensors([]), "is missing");
  refuses(given(tensor("usr", "BYTES", [3], ["a", "b", "c"])), 'received "usr"');
  refuses(given(tensor("price_length", "INT32", [3], [1, 1, 1])), 'received "price_length"');
  refuses(given(tensor("age", "FP32", [2], [1, 2])), 'input "age": shape must be [B] or [B, L] with one B');
  refuses(given(tensor("age", "FP32", [], [1])), 'input "age": shape must be [B]');
  refuses(given(tensor("age", "FP32", [3, 2], [1, 2, 3, 4, 5, 6])), "must be [B] or [B, 1], received [3,2]");
  refuses(given(tensor("history", "BYTES", [3, 1, 1], ["a", "b", "c"])), "must be [B] or [B, L], received [3,1,1]");
  const lengths = (...elements: number[]) => tensor("history_length", "INT32", [3], elements);
  refuses(given(history, lengths(1, 3, 0)), '"history_length": it must be [B] of 0 to 2, received 3 in row 1');
  refuses(() => columns.encodeTensors([{ ...user, shape: [0], elements: [] }]), "is missing");
  const none = [user, price].map((input) => ({ ...input, shape: [0], elements: [] }));
  refuses(() => columns.encodeTensors(none), "at least 1, received [0]");
});
