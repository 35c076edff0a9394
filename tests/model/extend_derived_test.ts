import { deepfm } from "../../models/mod.ts";
import { cross } from "../../src/data/derived/cross.ts";
import { dateParts } from "../../src/data/derived/dates.ts";
import { pastCount, pastRate } from "../../src/data/derived/past.ts";
import { originsOf } from "../../src/data/grow.ts";
import { randomUnit } from "../../src/data/random.ts";
import { readDataGrown } from "../../src/data/refit_grown.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { assert, assertEquals } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const HOUR = 3600;

const SCHEMA: Schema = {
  label: "y",
  time: "at",
  features: [
    categorical("user"),
    cross(["user", "item"], { minCount: 2 }),
    cross(["user", "item"], { name: "hashed", hashBuckets: 20 }),
    ...dateParts("at", { parts: ["hour", "weekday"] }),
    numeric("price", { buckets: 3 }),
    numeric("age", { ifMissing: "mean" }),
    pastRate("user", { smoothing: 2 }),
    pastCount(["user", "item"], { window: 12 * HOUR }),
    categorical("item"),
    sequence("history", { of: "item", maxLength: 2 }),
    sequence("words", { maxLength: 2 }),
  ],
};

/** A day of rows, half of whose users are new on that day. */
function drawDay(day: number): Row[] {
  return Array.from({ length: 120 }, (_, r) => {
    const draw = (what: number, below: number) => Math.floor(randomUnit(11, day, r, what) * below);
    const [user, item] = [draw(1, 6), draw(2, 3 + day)];
    return {
      ...{ y: draw(3, 10) < [2, 7, 4][user % 3] ? 1 : 0, user: `u${user < 3 ? user : 10 * day + user}` },
      ...{ item: `i${item}`, history: `i${draw(4, 3)}|i${draw(5, 3 + day)}`, words: `w${draw(6, 2 + day)}` },
      ...{ at: (24 * day + draw(7, 20)) * HOUR, price: draw(8, 4 * day), age: draw(9, 5) === 0 ? null : draw(9, 90) },
    };
  });
}

Deno.test("a model of derived features goes on from day to day with its rows, and predicts with what all days say", () =>
  inFolder(async (folder) => {
    const fit = { epochs: 1, batchSize: 40, optimizer: adam({ lr: 0.02 }) };
    const first = readRows(drawDay(0), SCHEMA);
    let model = await Model.create(deepfm({ dim: 4, hidden: [8] }), first.schema, { device: await gpu(), seed: 1 });
    await model.fit(first, fit);
    for (const day of [1, 2]) {
      const today = await readDataGrown(drawDay(day), model.schema);
      const next = await model.extend(today.schema);
      const { from } = originsOf(model.schema, today.schema);
      const [before, after] = await Promise.all([model, next].map((one) => one.parameters()));
      for (const table of ["embedding", "linear"]) {
        const [old, grown] = [before, after].map((tensors) => tensors[table].data as Float32Array);
        const dim = old.length / model.schema.rowCount;
        const rowOf = (numbers: Float32Array, row: number) => numbers.subarray(dim * row, dim * (row + 1));
        from.forEach((row, to) => {
          if (row >= 0) assertEquals(rowOf(grown, to), rowOf(old, row), `${table} row ${to}`);
        });
        // No row is lost: each old one has a place.
        assertEquals(new Set(from.filter((row) => row >= 0)).size, model.schema.rowCount);
        assert(from.includes(-1), "there are new rows");
      }
      await next.fit(today, fit);
      await next.save(`${folder}/${day}.weft`);
      await model[Symbol.asyncDispose]();
      await next[Symbol.asyncDispose]();
      model = await Model.load(`${folder}/${day}.weft`, deepfm, { device: await gpu() });
    }
    await using last = model;
    // What a request is encoded with is what all rows, read at once, say of its values.
    const whole = readRows([0, 1, 2].flatMap(drawDay), SCHEMA).schema;
    for (const name of ["user_rate", "user*item_count"]) {
      const tallies = [whole, last.schema].map((schema) => {
        const { values, rows, clicks, all } = schema.fields.find((field) => field.name === name)!.past!;
        return { all, tallies: new Map(values.map((value, i) => [value, [rows[i], clicks[i]]])) };
      });
      assertEquals(tallies[1], tallies[0]);
    }
    assertEquals(last.schema.generation, 3);
  }));
