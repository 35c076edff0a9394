import { formatTuned } from "../../src/cli/tune_kernels.ts";
import { readCheckpoint } from "../../src/checkpoint.ts";
import type { Choice } from "../../src/kernels/set.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { MODEL, run, SCHEMA, writeData } from "./process.ts";

const { adapter: { software } } = await gpu();

Deno.test("measured kernels are written as a table", () => {
  const text = formatTuned([
    {
      key: "product m=4 n=2 k=8",
      ms: { blocks16: 2, tiles: 30.5, images16: 1.5 },
      default: "blocks16",
      chosen: "images16",
    },
    { key: "cross m=4 n=2 k=2", ms: { blocks16: 0.25, tiles: 0.26 }, default: "blocks16", chosen: "blocks16" },
  ]);
  assertEquals(text.split("\n"), [
    "kernel       problem                                 ms by variant   default    chosen  gain",
    "product  m=4 n=2 k=8  blocks16 2.000, tiles 30.500, images16 1.500  blocks16  images16  25 %",
    "cross    m=4 n=2 k=2                   blocks16 0.250, tiles 0.260  blocks16  blocks16     -",
  ]);
});

Deno.test({
  name: "tune-kernels measures a step's kernels, and train, evaluate and predict run them",
  ignore: !software,
  fn: () =>
    inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 200);
      const lr = MODEL.indexOf("--lr");
      const args = ["--data", "clicks.csv", ...SCHEMA, ...MODEL.slice(0, lr), "--tuning", "kernels.json"];
      const tuned = await run(folder, "tune-kernels", ...args);
      assertEquals(tuned.code, 0, tuned.err);
      assertMatch(tuned.err, /\ntuning: \d+ kernel problems, pass 1 of at most 10\n/);
      assertMatch(tuned.out, /^kernel +problem +ms by variant +default +chosen +gain\n/);
      assertMatch(tuned.out, /\nSaved the choices to kernels.json\n$/);
      const file = JSON.parse(await Deno.readTextFile(`${folder}/kernels.json`));
      const { kernels } = file.adapters[0] as { kernels: Record<string, Choice> };
      const problems = Object.keys(kernels);
      assertEquals(tuned.out.split("\n\n")[0].split("\n").length, 1 + problems.length, tuned.out);

      // What is measured already is not measured again, and decides what a training runs. Products alone ask for no kernels
      // of their own, whatever their variant is.
      const products = problems.filter((key) => key.startsWith("product "));
      for (const key of products) kernels[key] = { ...kernels[key], variant: "tiles" };
      await Deno.writeTextFile(`${folder}/kernels.json`, JSON.stringify(file));
      const train = ["train", ...args, "--tune-kernels", "--checkpoint", "run.weft", "--out", "m.weft"];
      const trained = await run(folder, ...train);
      assertEquals(trained.code, 0, trained.err);
      const said = `kernels: ${problems.length} measured choices from kernels.json\n`;
      assertStringIncludes(trained.err, said);
      assert(!trained.err.includes("tuning:"), trained.err);
      const training = (await readCheckpoint(`${folder}/run.weft`)).header.training as {
        kernels: Record<string, string>;
      };
      for (const key of products) assertEquals(training.kernels[key], "tiles");

      for (const command of ["evaluate", "predict"]) {
        const used = await run(
          folder,
          command,
          "--model-file",
          "m.weft",
          "--data",
          "clicks.csv",
          "--tuning",
          "kernels.json",
        );
        assertEquals(used.code, 0, used.err);
        assertStringIncludes(used.err, said);
      }
    }),
});

Deno.test("files of measured kernels that are missing, damaged or none are refused where they are needed", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 100);
    await Deno.writeTextFile(`${folder}/damaged.json`, "{");
    const train = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL];
    const cases: [string[], number, string][] = [
      [
        [...train, "--tuning", "absent.json"],
        1,
        'Cannot read tuning "absent.json": the file must exist, received none',
      ],
      [[...train, "--tuning", "damaged.json"], 1, 'Cannot read tuning "damaged.json": it must be JSON: '],
      [
        [...train, "--tuning", "none", "--tune-kernels"],
        2,
        'Cannot run train: option "--tuning" must be a file to write to, received "none"',
      ],
      [
        ["tune-kernels", ...train.slice(1), "--tuning", "none"],
        2,
        'Cannot run tune-kernels: option "--tuning" must be a file to write to, received "none"',
      ],
      [["tune-kernels", ...SCHEMA], 2, 'Cannot run tune-kernels: option "--data" is missing'],
      [["tune-kernels", ...train.slice(1), "--tuning", "absent/t.json"], 1, 'Cannot write "absent/t.json": '],
      [["tune-kernels", ...train.slice(1), "--tuning", "damaged.json"], 1, 'Cannot read tuning "damaged.json": '],
    ];
    for (const [args, expected, message] of cases) {
      const { code, err } = await run(folder, ...args);
      assertEquals(code, expected, err);
      assertStringIncludes(err, message);
    }
    assertEquals(await Deno.readTextFile(`${folder}/damaged.json`), "{");
  }));
