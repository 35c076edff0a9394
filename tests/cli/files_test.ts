import { requireWritable, writeWhole } from "../../src/cli/files.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";

Deno.test("a file is replaced whole, or not at all when its content fails on the way", () =>
  inFolder(async (folder) => {
    const path = `${folder}/out.csv`;
    await writeWhole(path, ["a\n", "b\n"]);
    await writeWhole(path, ["c\n"]);
    assertEquals(await Deno.readTextFile(path), "c\n");
    function* failing(): Generator<string> {
      yield "half\n";
      throw new Error("no more");
    }
    await assertRejects(() => writeWhole(path, failing()), Error, "no more");
    assertEquals(await Deno.readTextFile(path), "c\n");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["out.csv"]);
  }));

Deno.test({
  name: "a path that is no ordinary file is written to, not replaced",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await writeWhole("/dev/null", ["nothing"]);
      assertEquals((await Deno.stat("/dev/null")).isCharDevice, true);
      await Deno.symlink(`${folder}/target`, `${folder}/link`);
      await writeWhole(`${folder}/target`, ["old"]);
      await writeWhole(`${folder}/link`, ["new"]);
      assertEquals(await Deno.readTextFile(`${folder}/link`), "new");
    }),
});

Deno.test("paths that cannot be written are refused beforehand", () =>
  inFolder(async (folder) => {
    await requireWritable(`${folder}/new.weft`);
    await assertRejects(() => requireWritable(`${folder}/absent/new.weft`), Error, "its folder must exist");
    await assertRejects(() => requireWritable(folder), Error, "it must be a file, not a folder");
  }));
