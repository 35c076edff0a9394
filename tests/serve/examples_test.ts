/** The examples of clients get the scores that predict gives, where their tools are installed. */
import { deepfm } from "../../models/deepfm.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { serve } from "../../src/serve/server.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";

const FOLDER = new URL("../../src/serve/examples/", import.meta.url).pathname;

async function end(program: string, args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Tells whether a command ends well; one that is not installed does not. */
async function works(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await end(program, args)).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const clicks = Array.from({ length: 12 }, (_, r) => ({ user: `u${r % 3}`, item: `i${r % 4}`, price: r, click: r % 2 }));
const features = [categorical("user"), categorical("item"), numeric("price")];
const data = readRows(clicks, { label: "click", features });
const asked = readRows([{ user: "u1", item: "i2", price: 3 }, { user: "u1", item: "i3", price: 8 }], data.schema);

/** Runs an example against a server, as it is and with a model that is not there; returns the lines that it printed. */
async function ask(program: string, args: readonly string[], address = (url: string) => url) {
  await using model = await Model.create(deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  const expected = [...await model.predict(asked)];
  await using server = await serve(model, { port: 0, batchSizes: [4], name: "clicks", processor: "never" });
  const { code, out, err } = await end(program, [...args, address(server.url), "clicks"]);
  assertEquals(code, 0, `${out}${err}`);
  const refused = await end(program, [...args, address(server.url), "none"]);
  assertEquals(refused.code > 0, true);
  const best = expected.indexOf(Math.max(...expected));
  return { lines: out.trim().split("\n").map((line) => JSON.parse(line)), refused, expected, best };
}

const EXAMPLES = [
  { tool: "Deno", program: Deno.execPath(), args: ["run", "--no-prompt", "--allow-net", `${FOLDER}ask.ts`] },
  { tool: "Python", program: "python3", args: [`${FOLDER}ask.py`] },
] as const;

for (const { tool, program, args } of EXAMPLES) {
  const isThere = await works(program, "--version");
  Deno.test({
    name: `the example for ${tool} gets the scores that predict gives${isThere ? "" : ` (skipped: no ${program})`}`,
    ignore: !isThere,
    fn: async () => {
      const { lines: [predicted, [{ index, score }], inferred], refused, expected, best } = await ask(program, args);
      assertEquals([predicted, inferred], [expected, expected]);
      assertEquals([index, score], [best, expected[best]]);
      assertStringIncludes(refused.err, '404: Cannot answer: there is no model "none"');
    },
  });
}

const hasCurl = await works("curl", "--version");
Deno.test({
  name: `the example for curl gets the scores that predict gives${hasCurl ? "" : " (skipped: no curl)"}`,
  ignore: !hasCurl,
  fn: async () => {
    const { lines: [predicted, ranked, inferred], refused, expected, best } = await ask("sh", [`${FOLDER}ask.sh`]);
    assertEquals(predicted.scores, expected);
    assertEquals(ranked.results[0].index, best);
    assertEquals(inferred.outputs[0].data, expected);
    assertStringIncludes(refused.out, 'there is no model \\"none\\"');
  },
});

const hasTriton = await works("python3", "-c", "import tritonclient.http");
Deno.test({
  name: `the example for Triton's client gets the scores that predict gives${
    hasTriton ? "" : " (skipped: no tritonclient)"
  }`,
  ignore: !hasTriton,
  fn: async () => {
    const args = [`${FOLDER}ask_triton.py`];
    const { lines: [inferred], expected } = await ask("python3", args, (url) => new URL(url).host);
    assertEquals(inferred, expected);
  },
});
