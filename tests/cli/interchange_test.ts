import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../src/cli.ts";
import { writeSafetensors } from "../../src/interchange/safetensors.ts";
import { importable } from "../../src/interchange/state_dict/import.ts";
import { inFolder } from "../folder.ts";
import { exchange } from "../interchange/golden_state_dict.ts";
import { readGolden } from "../golden_case.ts";
import { assertClose } from "../support.ts";
import { run } from "./process.ts";

/** Runs the command line within this process. */
async function runMain(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: "", err: "" };
  const code = await main(args, { out: (text) => void (texts.out += text), err: (text) => void (texts.err += text) });
  return { code, ...texts };
}

/** Returns the logits of a file of predictions. */
function logitsOf(path: string): number[] {
  const lines = Deno.readTextFileSync(path).trimEnd().split("\n").slice(1);
  return lines.map(Number).map((p) => Math.log(p / (1 - p)));
}

Deno.test("export and import --from weft give back a model that predicts the same", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 60 }, (_, row) => `${row % 3 === 0 ? 1 : 0},u${row % 7},i${row % 4}`);
    await Deno.writeTextFile(`${folder}/clicks.csv`, ["click,user,item", ...lines].join("\n"));
    const data = ["--data", "clicks.csv", "--label", "click", "--categorical", "user,item"];
    const sizes = ["--model", "dcn", "--dim", "3", "--hidden", "5", "--batch-size", "16"];
    assertEquals((await run(folder, "train", ...data, ...sizes, "--epochs", "2", "--out", "a.weft")).code, 0);
    const exported = await run(
      folder,
      "export",
      "--model-file",
      "a.weft",
      "--to",
      "safetensors",
      "--out",
      "a.safetensors",
    );
    assertEquals([exported.code, exported.out.trim()], [0, "Wrote a.safetensors and vocabulary.json"]);
    const { fields } = JSON.parse(await Deno.readTextFile(`${folder}/vocabulary.json`));
    assertEquals(Object.keys(fields.item.values).sort(), ["i0", "i1", "i2", "i3"]);

    assertEquals((await run(folder, "train", ...data, ...sizes, "--epochs", "1", "--out", "b.weft")).code, 0);
    const files = ["--tensors", "a.safetensors", "--model-file", "b.weft", "--out", "c.weft"];
    const imported = await run(folder, "import", "--from", "weft", ...files);
    assertEquals(imported.code, 0, imported.err);
    for (const name of ["a", "b", "c"]) {
      const files = ["--model-file", `${name}.weft`, "--data", "clicks.csv", "--out", `${name}.csv`];
      assertEquals((await run(folder, "predict", ...files)).code, 0);
    }
    const [a, b, c] = ["a", "b", "c"].map((name) => Deno.readTextFileSync(`${folder}/${name}.csv`));
    assertEquals(c, a);
    assert(b !== a);
  }));

/** Writes what a user has of FuxiCTR's case, and rows of the batch. */
async function writeCase(folder: string, name: string): Promise<number[]> {
  const { tensors, featureMap, vocabularies, logits } = exchange("fuxictr", name);
  await writeSafetensors(`${folder}/state.safetensors`, tensors);
  await Deno.writeTextFile(`${folder}/feature_map.json`, JSON.stringify(featureMap));
  await Deno.writeTextFile(`${folder}/feature_vocab.json`, JSON.stringify(vocabularies));
  const [{ ids }] = readGolden(name).batches;
  const header = ids[0].map((_, f) => `f${f}`).join(",");
  await Deno.writeTextFile(`${folder}/rows.csv`, [header, ...ids.map((row) => row.join(","))].join("\n"));
  return logits as number[];
}

Deno.test("import --from fuxictr makes a model that predicts FuxiCTR's logits", () =>
  inFolder(async (folder) => {
    const logits = await writeCase(folder, "dnn_bn");
    const files = [
      "--tensors",
      "state.safetensors",
      "--feature-map",
      "feature_map.json",
      "--vocabulary",
      "feature_vocab.json",
    ];
    const model = ["--model", "dnn", "--dim", "4", "--hidden", "8,6", "--batch-norm"];
    const { code, out, err } = await run(
      folder,
      "import",
      "--from",
      "fuxictr",
      ...files,
      ...model,
      "--out",
      "dnn.weft",
    );
    assertEquals(code, 0, err);
    assertMatch(err, /Left out 2 tensors that nothing is computed with: mlp\.mlp\.1\.num_batches_tracked, mlp\.mlp\.4/);
    assertMatch(out, /Saved the model to dnn.weft/);
    const predict = ["--model-file", "dnn.weft", "--data", "rows.csv", "--out", "p.csv"];
    assertEquals((await run(folder, "predict", ...predict)).code, 0);
    assertClose(logitsOf(`${folder}/p.csv`), logits, "logits", { rtol: 2e-5 });

    // The same tensors into the model that was made.
    const again = ["--vocabulary", "feature_vocab.json", "--model-file", "dnn.weft", "--out", "again.weft"];
    const second = await run(folder, "import", "--from", "fuxictr", "--tensors", "state.safetensors", ...again);
    assertEquals(second.code, 0, second.err);
    assertEquals(await Deno.readFile(`${folder}/again.weft`), await Deno.readFile(`${folder}/dnn.weft`));

    const wrong = await run(folder, "import", "--from", "fuxictr", ...files, ...model, "--dim", "3", "--out", "x.weft");
    assertEquals(wrong.code, 2);
    const other = ["--model", "dnn", "--dim", "3", "--hidden", "8,6", "--batch-norm"];
    const refused = await run(folder, "import", "--from", "fuxictr", ...files, ...other, "--out", "x.weft");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, '2 of another shape: "mlp.0.weight" [15, 8], received [20,8]');
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).includes("x.weft"), false);
  }));

Deno.test("mistakes in options of export and import are named", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/bad.json`, "{");
    const tensors = ["--tensors", "x.safetensors", "--out", `${folder}/x.weft`];
    const cases: [string[], number, string][] = [
      [["export"], 2, 'option "--model-file" is missing'],
      [["export", "--model-file", "x"], 2, 'option "--to" is missing'],
      [["export", "--model-file", "x", "--to", "csv"], 2, 'option "--to" must be'],
      [["export", "--model-file", "x", "--to", "safetensors"], 2, 'option "--out" is missing'],
      [["import"], 2, 'option "--from" is missing'],
      [["import", "--from", "torch"], 2, 'option "--from" must be'],
      [["import", "--from", "weft", ...tensors], 2, 'option "--model-file" is missing'],
      [
        ["import", "--from", "weft", ...tensors, "--vocabulary", "x"],
        2,
        'option "--vocabulary" is not for --from weft',
      ],
      [["import", "--from", "fuxictr", ...tensors, "--label", "x"], 2, 'option "--label" is not for --from fuxictr'],
      [["import", "--from", "deepctr", ...tensors], 2, 'option "--model" is missing'],
      [["import", "--from", "deepctr", ...tensors, "--model", "fm"], 2, 'option "--vocabulary" is missing'],
      [
        ["import", "--from", "weft", ...tensors, "--model-file", "x", "--dim", "3"],
        2,
        'option "--dim" cannot be used with "--model-file"',
      ],
      [
        ["import", "--from", "deepctr", ...tensors, "--model", "fm", "--vocabulary", `${folder}/bad.json`],
        1,
        `Cannot read "${folder}/bad.json"`,
      ],
    ];
    for (const [args, code, message] of cases) {
      const ended = await runMain(...args);
      assertStringIncludes(ended.err, message);
      assertEquals(ended.code, code, ended.err);
    }
  }));

Deno.test("each option on the page about other tools is one of their commands", async () => {
  const page = await Deno.readTextFile(new URL("../../src/interchange/README.md", import.meta.url));
  const options = new Set([...page.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option));
  assert(options.size >= 10, [...options].join());
  const helps = await Promise.all(["export", "import", "train"].map((name) => runMain(name, "--help")));
  const help = helps.map(({ out }) => out).join("\n");
  assertEquals([...options].filter((option) => !help.includes(`  ${option} `) && option !== "--help"), []);
  const counts = [...page.matchAll(/(\d+) of (?:FuxiCTR|DeepCTR-Torch)/g)].map(([, count]) => Number(count));
  assertEquals(counts, [importable("fuxictr").length, importable("deepctr").length]);
});
