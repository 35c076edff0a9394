import { main } from "../../src/cli.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";

/** Runs the command line in this process. */
async function run(...args: string[]): Promise<{ code: number; err: string }> {
  let err = "";
  const code = await main(args, { out: () => {}, err: (text) => void (err += `${text}\n`) });
  return { code, err };
}

Deno.test({
  name: "train within a limit of memory gives the bytes of training without, also resumed and from a cache",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const rows = Array.from({ length: 60_000 }, (_, row) =>
        `${Number(row % 3 === 0)},u${row % 501},${row % 7},${row % 13}`);
      const text = ["click,user,price,age", ...rows].join("\n");
      await Deno.writeTextFile(`${folder}/t.csv`, text);
      await Deno.writeTextFile(`${folder}/v.csv`, text.slice(0, 100_000).replace(/\n[^\n]*$/, ""));
      const data = ["--data", `${folder}/t.csv`, "--label", "click", "--categorical", "user", "--numeric", "price,age"];
      const how = ["--validation", `${folder}/v.csv`, "--model", "lr", "--patience", "0"];
      const train = async (out: string, ...more: string[]) => {
        const { code, err } = await run("train", ...data, ...how, "--out", `${folder}/${out}`, ...more);
        assertEquals(code, 0, err);
        return await Deno.readFile(`${folder}/${out}`);
      };
      const expected = await train("a.weft", "--epochs", "2", "--shuffle", "window");
      const limited = ["--memory", "256MB", "--memory-budget", "1", "--cache", `${folder}/cache`];
      assertEquals(await train("b.weft", "--epochs", "2", ...limited), expected);
      const checkpoint = `${folder}/run.weft`;
      await train("c.weft", "--epochs", "1", ...limited, "--checkpoint", checkpoint);
      assertEquals(await train("c.weft", "--epochs", "2", ...limited, "--resume", checkpoint), expected);
      const other = await run(
        "train",
        ...data,
        ...how,
        "--epochs",
        "2",
        ...limited,
        "--resume",
        checkpoint,
        "--shuffle",
        "rows",
      );
      assertStringIncludes(other.err, "shuffle");
    }),
});

Deno.test("a limit of memory is a size that the program can keep", async () => {
  const data = ["train", "--data", "t.csv", "--label", "y", "--categorical", "a"];
  const refused = await run(...data, "--memory", "much");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, 'option "--memory" must be a size such as 2GB or 800MB, received "much"');
  assertStringIncludes(
    (await run(...data, "--memory", "1MB")).err,
    "Cannot limit memory: it must be 256000000 bytes at least",
  );
});
