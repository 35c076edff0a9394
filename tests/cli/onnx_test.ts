/** A trained model that was exported on the command line answers raw rows of a file in ONNX Runtime. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import runtime from "npm:onnxruntime-node@1.30.0";
import { inFolder } from "../folder.ts";
import { tensorOf } from "../interchange/onnx_run.ts";
import { assertClose } from "../support.ts";
import { run } from "./process.ts";

const ROWS = 80;

/** Rows of a user, a price that may be missing, and tags. */
const cells = Array.from({ length: ROWS }, (_, row) => ({
  click: row % 3 === 0 ? "yes" : "no",
  user: row % 11 === 0 ? "" : `u${row % 7}`,
  price: row % 5 === 0 ? "" : `${(row * 37 % 101) / 8}`,
  age: `${20 + row * 13 % 50}`,
  tags: Array.from({ length: row % 4 }, (_, i) => `t${(row + i) % 5}`),
}));

Deno.test("export --to onnx writes what predict computes, from the texts and numbers of the file", () =>
  inFolder(async (folder) => {
    const lines = cells.map(({ click, user, price, age, tags }) => [click, user, price, age, tags.join("|")].join());
    await Deno.writeTextFile(`${folder}/clicks.csv`, ["click,user,price,age,tags", ...lines].join("\n"));
    const schema = {
      ...{ label: "click", positive: "yes", negative: "no" },
      features: [
        { kind: "categorical", name: "user" },
        { kind: "numeric", name: "price", scale: "standard" },
        { kind: "numeric", name: "age", buckets: 5 },
        { kind: "sequence", name: "tags", combiner: "mean" },
      ],
    };
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(schema));
    const data = [
      "--data",
      "clicks.csv",
      "--schema",
      "schema.json",
      "--dim",
      "4",
      "--hidden",
      "8",
      "--batch-size",
      "16",
    ];
    const trained = await run(folder, "train", ...data, "--epochs", "3", "--lr", "0.05", "--out", "m.weft");
    assertEquals(trained.code, 0, trained.err);
    const model = ["--model-file", "m.weft"];
    const files = ["--to", "onnx", "--out", "m.onnx", "--strings", "--external-data"];
    const exported = await run(folder, "export", ...model, ...files);
    assertEquals([exported.code, exported.out.trim()], [0, "Wrote m.onnx and m.onnx.data and vocabulary.json"]);
    const predicted = await run(folder, "predict", ...model, "--data", "clicks.csv", "--out", "scores.csv");
    assertEquals(predicted.code, 0, predicted.err);
    const expected = Deno.readTextFileSync(`${folder}/scores.csv`).trimEnd().split("\n").slice(1).map(Number);

    const session = await runtime.InferenceSession.create(`${folder}/m.onnx`);
    const { score } = await session.run({
      user: tensorOf("string", cells.map(({ user }) => user), [ROWS, 1]),
      price: tensorOf("float32", cells.map(({ price }) => price === "" ? NaN : Number(price)), [ROWS, 1]),
      age: tensorOf("float32", cells.map(({ age }) => Number(age)), [ROWS, 1]),
      tags: tensorOf("string", cells.flatMap(({ tags }) => [...tags, "", "", ""].slice(0, 3)), [ROWS, 3]),
    });
    await session.release();
    assertClose(score.data as Float32Array, expected, "score", { atol: 1e-5, rtol: 0 });
    const spread = Math.max(...expected) - Math.min(...expected);
    assertEquals(spread > 0.05, true, `probabilities that differ by ${spread}`);

    const other = await run(folder, "export", ...model, "--to", "safetensors", "--out", "m.safetensors", "--strings");
    assertEquals([other.code, other.err.trim()], [2, 'Cannot run export: option "--strings" goes with "--to onnx"']);
    const unknown = await run(folder, "export", ...model, "--to", "pmml", "--out", "m.pmml");
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.err, 'received "pmml"');
  }));
