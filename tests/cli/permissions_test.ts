/** The commands do with the permissions that the pages name, and say which one is missing. */
import { requestAdapter } from "../../src/adapter.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { MODEL, SCHEMA, startWith, writeData } from "./process.ts";
import { ServerProcess, trainModel } from "./server_process.ts";

// Where no driver is installed, unpacking the bundled one takes more permissions, which its error names.
const ignore = (await requestAdapter()).kind === "bundled";

async function end(child: Deno.ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

const rows = [{ user: "u1", item: "i2", price: 3 }];

async function scoresAt(url: string): Promise<number[]> {
  const response = await fetch(`${url}/v1/predict`, { method: "POST", body: JSON.stringify({ rows }) });
  assertEquals(response.status, 200);
  return (await response.json()).scores;
}

Deno.test({
  name: "a server that may read its model and listen at its address answers, is measured, and reloads",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await trainModel(folder, "clicks.weft");
      const permissions = ["--allow-read=clicks.weft", "--allow-net=127.0.0.1:0", "--allow-env=XDG_RUNTIME_DIR"];
      const args = ["--model-file", "clicks.weft", "--port", "0", "--batch-sizes", "8"];
      const server = new ServerProcess(startWith(folder, permissions, "serve", ...args));
      const [, url] = await server.says(/serving clicks at (\S+)\n/);
      const scores = await scoresAt(url);
      assertEquals(scores.length, 1);
      assertStringIncludes(await (await fetch(`${url}/metrics`)).text(), 'nv_inference_count{model="clicks"');
      server.signal("SIGHUP");
      await server.says(/loaded clicks [^]*loaded clicks /);
      assertEquals(await scoresAt(url), scores);
      server.signal("SIGTERM");
      const { code, said } = await server.end();
      assertEquals(code, 0, said);
    }),
});

Deno.test({
  name: "a server of a folder needs to read the folder, and nothing outside of it",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/models/ctr/1`, { recursive: true });
      await trainModel(folder, "models/ctr/1/model.weft");
      const permissions = ["--allow-read=models", "--allow-net=127.0.0.1:0"];
      const args = ["--models", "models", "--port", "0", "--batch-sizes", "8"];
      const server = new ServerProcess(startWith(folder, permissions, "serve", ...args));
      const [, url] = await server.says(/serving ctr at (\S+)\n/);
      assertEquals((await scoresAt(url)).length, 1);
      server.signal("SIGTERM");
      assertEquals((await server.end()).code, 0);
    }),
});

Deno.test({
  name: "training reads and writes its folder, predicting and evaluating read it",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 64);
      const data = ["--data", "clicks.csv"];
      const model = ["--model-file", "clicks.weft"];
      const files = ["--out", "clicks.weft", "--checkpoint", "run.weft"];
      const train = ["train", ...data, ...SCHEMA, ...MODEL, "--epochs", "1", ...files];
      const trained = await end(startWith(folder, ["--allow-read=.", "--allow-write=."], ...train));
      assertEquals(trained.code, 0, trained.err);
      const read = ["--allow-read=clicks.csv,clicks.weft"];
      const predicted = await end(startWith(folder, read, "predict", ...model, ...data, "--out", "-"));
      assertEquals([predicted.code, predicted.out.trim().split("\n").length], [0, 65], predicted.err);
      const evaluated = await end(startWith(folder, read, "evaluate", ...model, ...data));
      assertEquals(evaluated.code, 0, evaluated.err);
    }),
});

Deno.test({
  name: "commands run with more of a permission than they need, and where some of it is denied",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await trainModel(folder, "clicks.weft");
      const all = ["--allow-read", "--allow-env"];
      const parts = [...all, "--deny-env=HOME,LP_NATIVE_VECTOR_WIDTH", "--deny-read=/etc"];
      const caches = ["--allow-read", "--allow-env", "--deny-read=/root,/home"];
      const args = ["--model-file", "clicks.weft", "--data", "clicks.csv"];
      for (const permissions of [all, parts, caches]) {
        const { code, err } = await end(startWith(folder, permissions, "evaluate", ...args));
        assertEquals(code, 0, err);
      }
    }),
});

Deno.test({
  name: "a missing permission is named",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await trainModel(folder, "clicks.weft");
      await Deno.writeTextFile(`${folder}/token`, "secret");
      const says = async (permissions: readonly string[], args: readonly string[], ...messages: string[]) => {
        const { code, err } = await end(startWith(folder, permissions, ...args));
        assertEquals(code, 1, err);
        for (const message of messages) assertStringIncludes(err, message);
        assert(!err.includes("Uncaught"), err);
      };
      const serve = ["serve", "--model-file", "clicks.weft", "--port", "0", "--batch-sizes", "8"];
      const [model, net] = ["--allow-read=clicks.weft", "--allow-net=127.0.0.1:0"];
      await says([net], serve, 'Cannot load "clicks.weft"', "--allow-read");
      await says([model], serve, "Cannot serve: listening on 127.0.0.1:0 needs --allow-net=127.0.0.1:0");
      await says([model, net], [...serve, "--token-file", "token"], 'read access to "token"', "--allow-read");
      await says([net], ["serve", "--models", "models"], 'Cannot list models: "models"', "--allow-read");
      const train = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--out", "new.weft"];
      await says(["--allow-read=."], train, 'Cannot save "new.weft"', "--allow-write");
    }),
});
