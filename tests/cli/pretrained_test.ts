import { models } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { run, SCHEMA, writeData } from "./process.ts";

const TRAIN = ["train", "--data", "clicks.csv", ...SCHEMA, "--dim", "2", "--hidden", "4", "--batch-size", "32"];

Deno.test("train starts from pretrained vectors, tells how many there are, and leaves frozen ones", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 100);
    await Deno.writeTextFile(`${folder}/items.txt`, "i0 1 2\ni2 3 4\nother 5 6\n");
    await Deno.writeTextFile(`${folder}/users.txt`, "nobody 5 6\n");
    const args = ["--pretrained", "item=items.txt", "--freeze-pretrained", "--out", "m.weft", "--l2-embedding", "0.01"];
    const { code, err } = await run(folder, ...TRAIN, ...args, "--pretrained", 'user={"file":"users.txt"}');
    assertEquals(code, 0, err);
    assertStringIncludes(err, 'pretrained: 2 of 4 values of "item" (50.00 %) have vectors, frozen\n');
    assertStringIncludes(err, 'warning: no value of "user" is in its file of pretrained vectors');
    await using model = await Model.load(`${folder}/m.weft`, models, { device: await gpu() });
    assertEquals(model.frozenRows, { embedding: 2 });
    const { embedding } = await model.parameters();
    const item = model.schema.fields[1];
    const vectorOf = (value: string) => {
      const row = item.offset + model.schema.tokenRows(item).get(value)!;
      return [...embedding.data.slice(2 * row, 2 * row + 2)];
    };
    assertEquals([vectorOf("i0"), vectorOf("i2")], [[1, 2], [3, 4]]);
    // A model that goes on from this one has its frozen rows.
    const more = await run(folder, "train", "--data", "clicks.csv", "--from", "m.weft", "--out", "n.weft");
    assertEquals(more.code, 0, more.err);
    await using next = await Model.load(`${folder}/n.weft`, models, { device: await gpu() });
    assertEquals(next.frozenRows, { embedding: 2 });
  }));

Deno.test("options of pretrained vectors that make no sense are refused before training", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 60);
    await Deno.writeTextFile(`${folder}/items.txt`, "i0 1 2 3\n");
    const refuse = async (message: string, ...args: string[]) => {
      const { code, err } = await run(folder, ...TRAIN, ...args);
      assertStringIncludes(err, message);
      return code;
    };
    assertEquals(await refuse('must be like item=vectors.txt, received "items.txt"', "--pretrained", "items.txt"), 2);
    assertEquals(await refuse('option "--freeze-pretrained" needs "--pretrained"', "--freeze-pretrained"), 2);
    assertEquals(await refuse("must have a file or JSON", "--pretrained", "item={file}"), 2);
    assertEquals(await refuse("file is missing", "--pretrained", 'item={"frozen":true}'), 2);
    assertEquals(await refuse("width 3, and rows of table", "--pretrained", "item=items.txt"), 1);
    assertEquals(await refuse('received "price"', "--pretrained", "price=items.txt"), 1);
  }));
