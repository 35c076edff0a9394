import { Graph } from "../../../src/graph/graph.ts";
import { selectFields } from "../../../src/layers/input.ts";
import { selectFields as pick } from "../../../src/ops/embedding/select_fields.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { run } from "../../run.ts";
import { step } from "../../support.ts";

const fields = [{ name: "a", rows: 3, offset: 0 }, { name: "b", rows: 4, offset: 3 }, {
  name: "c",
  rows: 2,
  offset: 7,
}];

Deno.test("selectFields moves fields into a row space of their own and leaves padding at row 0", async () => {
  const graph = new Graph("train");
  const x = {
    graph,
    ids: graph.input("ids", [3, "B"], "u32"),
    values: graph.input("values", [3, "B"]),
    fields,
    rowCount: 9,
    tasks: ["label"],
  };
  const chosen = selectFields(x, ["c", "b"]);
  assertEquals(chosen.fields, [{ name: "c", rows: 2, offset: 0 }, { name: "b", rows: 4, offset: 2 }]);
  assertEquals(chosen.rowCount, 6);
  const [ids, values] = await run([chosen.ids, chosen.values!], {
    batch: 3,
    steps: [step(2)],
    inputs: { ids: Uint32Array.of(1, 2, 0, 3, 6, 0, 8, 7, 0), values: Float32Array.of(1, 2, 0, 3, 4, 0, 5, 6, 0) },
  });
  assertEquals([...new Uint32Array(ids)], [1, 0, 0, 2, 5, 0]);
  assertEquals([...new Float32Array(values)], [5, 6, 0, 3, 4, 0]);
});

Deno.test("places of a history are picked at once, and stay past every table where it has ended", async () => {
  const graph = new Graph("train");
  const [places, members, batch, absent] = [5, 3, 4, 0xffffffff];
  const all = graph.input("ids", [places * members, "B"], "u32");
  const from = Uint32Array.from({ length: places * members * batch }, (_, at) => {
    return at % batch === 3 || at / batch >= 9 ? absent : 100 + at;
  });
  const picks = Array.from({ length: places }, (_, t) => ({ field: t * members + 1, shift: -40 >>> 0 }));
  const { ids } = pick({ ids: all }, picks);
  const [picked] = await run([ids], { batch, steps: [step(3)], inputs: { ids: from } });
  const expected = Uint32Array.from({ length: places * batch }, (_, at) => {
    const id = from[(Math.floor(at / batch) * members + 1) * batch + at % batch];
    return at % batch === 3 ? absent : id - 40;
  });
  assertEquals(new Uint32Array(picked), expected);
  assert(expected.filter((id) => id < absent - 40).length === 9);
});

Deno.test("selectFields names the fields that there are", () => {
  const graph = new Graph("train");
  const x = {
    graph,
    ids: graph.input("ids", [3, "B"], "u32"),
    values: undefined,
    fields,
    rowCount: 9,
    tasks: ["label"],
  };
  assertThrows(() => selectFields(x, ["d"]), RangeError, 'the fields are a, b, c, received "d"');
  assertThrows(() => selectFields(x, []), RangeError, "received none");
  assertThrows(() => selectFields(x, ["a", "a"]), RangeError, 'names must differ, received "a" twice');
});
