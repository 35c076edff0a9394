import { Gpu } from "../../src/gpu/device.ts";
import type { Table } from "../../src/graph/parameter.ts";
import { allRows } from "../../src/graph/row_spans.ts";
import { normal } from "../../src/initializer.ts";
import { adam, rowwiseAdagrad } from "../../src/optimizer.ts";
import { decodeRows, encodeRows } from "../../src/store/row_codec.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { rowL2Of, statesOf, TableBuffers, weightsOf } from "../../src/store/tables.ts";
import { gpu } from "../support.ts";

const table: Table = { name: "embedding", rows: 8, spans: allRows(8), dim: 3, stride: 4, initializer: normal(1) };

/** A device on which a binding holds no more than three rows of the table. */
async function narrow(): Promise<Gpu> {
  const { device, profile } = await gpu();
  const proxy = new Proxy(device, {
    get(target, key) {
      if (key === "limits") return { maxBufferSize: device.limits.maxBufferSize, maxStorageBufferBindingSize: 4 * 13 };
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return new Gpu(proxy, profile);
}

Deno.test("a table that no binding holds is split, and has the numbers of one that is whole", async () => {
  const slot = weightsOf(table);
  const [whole, split] = [new TableBuffers(await gpu()), new TableBuffers(await narrow())];
  for (const buffers of [whole, split]) {
    buffers.allocate(table, slot);
    buffers.initialize(table, 7);
  }
  assertEquals(whole.shards(table, 0).map(({ first, rows }) => [first, rows]), [[0, 8]]);
  assertEquals(split.shards(table, 0).map(({ first, rows }) => [first, rows]), [[0, 3], [3, 3], [6, 2]]);
  assertEquals(await split.read(table, slot), await whole.read(table, slot));
  const values = Float32Array.from({ length: 24 }, (_, i) => i + 1);
  split.write(table, slot, values);
  assertEquals(await split.read(table, slot), values);
  for (const buffers of [whole, split]) buffers.destroy();
  assertThrows(() => split.shards(table, 0), TypeError, 'received "embedding.slot0.shard0"');
});

Deno.test("state starts with its first value, a number a row where the optimizer keeps one", async () => {
  const [state, gradient] = statesOf(table, rowwiseAdagrad({ initialAccumulator: 0.5, embeddingUpdate: "dense" }));
  assertEquals([state.dim, state.saved, gradient.dim, gradient.saved], [1, true, 3, false]);
  assertEquals(statesOf(table, adam()).map(({ index, dim }) => [index, dim]), [[1, 3], [2, 3]]);
  const buffers = new TableBuffers(await narrow());
  for (const slot of [state, gradient]) buffers.allocate(table, slot);
  buffers.fill(table, state);
  assertEquals(await buffers.read(table, state), new Float32Array(8).fill(0.5));
  assertEquals(await buffers.read(table, gradient), new Float32Array(24));
  buffers.destroy();
});

Deno.test("strengths of L2 by row are cut where the rows are", async () => {
  const buffers = new TableBuffers(await narrow());
  const optimizer = adam({ embeddingUpdate: "dense" });
  const slot = rowL2Of(optimizer);
  assertEquals(slot.index, 1 + statesOf(table, optimizer).length);
  for (const each of [weightsOf(table), slot]) buffers.allocate(table, each);
  const values = Float32Array.from({ length: 8 }, (_, row) => row / 4);
  buffers.write(table, slot, values);
  const [weights, strengths] = [0, slot.index].map((index) => buffers.shards(table, index));
  assertEquals(strengths.map(({ first, rows }) => [first, rows]), weights.map(({ first, rows }) => [first, rows]));
  assertEquals(await buffers.read(table, slot), values);
  buffers.destroy();
});

Deno.test("tables of fewer bits are split at words, and are written and read as they are stored", async () => {
  const odd = { ...table, rows: 33 };
  const single = { ...table, rows: 33, dim: 1, stride: 1 };
  const values = Float32Array.from({ length: 99 }, (_, i) => Math.sin(i));
  for (const [each, storage, windows] of [[odd, "f16", 6], [odd, "int8", 6], [single, "f16", 26]] as const) {
    const words = encodeRows(each, storage, values.subarray(0, each.rows * each.dim));
    const buffers = new TableBuffers(await narrow(), { embedding: storage });
    buffers.allocate(each, weightsOf(each));
    const shards = buffers.shards(each, 0);
    const firsts = Array.from({ length: Math.ceil(each.rows / windows) }, (_, shard) => shard * windows);
    assertEquals(shards.map(({ first }) => first), firsts);
    assert(shards.every((shard) => shard.storage === storage));
    buffers.writerOf(each, { embedding: { shape: [words.length], data: words } })();
    assertEquals(await buffers.readStored(each), { shape: [words.length], data: words });
    const expected = { shape: [each.rows, each.dim], data: decodeRows(each, storage, words, each.rows) };
    assertEquals(await buffers.readWeights(each), expected);
    buffers.destroy();
  }
  const buffers = new TableBuffers(await gpu(), { embedding: "int8" });
  const wrong = { embedding: { shape: [66], data: new Float32Array(66) } };
  const message = 'Cannot load parameters: "embedding" must be a Uint32Array of 66, received Float32Array of 66';
  assertThrows(() => buffers.writerOf(odd, wrong), TypeError, message);
});
