import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MODEL, run, SCHEMA, writeData } from "./cli/process.ts";
import { inFolder } from "./folder.ts";

const program = new URL("dawn_program.ts", import.meta.url).pathname;
const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", program] }).output();
const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
const { reason }: { reason?: string } = code === 0 ? JSON.parse(out.trim().split("\n").at(-1)!) : {};

Deno.test({
  name: `a model trains, predicts and is served on Dawn${reason ? ` (skipped: ${reason})` : ""}`,
  ignore: reason !== undefined,
  fn: () => assertEquals(code, 0, err),
});

Deno.test({
  name: `--gpu dawn trains and evaluates on Dawn${reason ? ` (skipped: ${reason})` : ""}`,
  ignore: reason !== undefined,
  fn: async () => {
    await inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 64);
      const args = ["--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "1", "--out", "m.weft", "--gpu", "dawn"];
      const trained = await run(folder, "train", ...args);
      assertStringIncludes(trained.err, "through Dawn)");
      assertEquals(trained.code, 0, trained.err);
      const model = ["--model-file", "m.weft", "--data", "clicks.csv"];
      const onDawn = await run(folder, "evaluate", ...model, "--gpu", "dawn");
      assertEquals(onDawn.code, 0, onDawn.err);
      assertMatch(onDawn.out, /auc/i);
      const refused = await run(folder, "evaluate", ...model, "--gpu", "cuda");
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, '"--gpu" must be one of deno, dawn');
    });
  },
});
