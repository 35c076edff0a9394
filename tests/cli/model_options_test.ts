import { withOwnOptions } from "../../src/cli/model_options.ts";
import { listModelFolder } from "../../src/cli/model_folder.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { start } from "./process.ts";
import { ServerProcess, trainModel } from "./server_process.ts";

Deno.test("a model's own options take the place of those of all models", () =>
  inFolder(async (folder) => {
    const path = `${folder}/config.json`;
    const all = { batchSizes: [8], batching: { maxQueueSize: 3, timeoutMs: 5 } };
    assertEquals(await withOwnOptions(undefined, all), all);
    await Deno.writeTextFile(path, '{"timeoutMs": 7, "timeoutAction": "delay"}');
    const own = { batchSizes: [8], batching: { maxQueueSize: 3, timeoutMs: 7, timeoutAction: "delay" as const } };
    assertEquals(await withOwnOptions(path, all), own);
    await Deno.writeTextFile(path, '{"batchSizes": [1, 2]}');
    assertEquals(await withOwnOptions(path, all), { ...all, batchSizes: [1, 2] });
    assertEquals((await withOwnOptions(path, { ...all, processor: "never" })).processor, "never");
    await Deno.writeTextFile(path, '{"processor": "always"}');
    assertEquals((await withOwnOptions(path, { ...all, processor: "never" })).processor, "always");

    const refuses = async (text: string, type: typeof SyntaxError | typeof TypeError, message: string) => {
      await Deno.writeTextFile(path, text);
      await assertRejects(() => withOwnOptions(path, all), type, `Cannot read "${path}": ${message}`);
    };
    await refuses("{", SyntaxError, "it must be JSON, received");
    await refuses("[]", TypeError, "it must be an object, received []");
    await refuses('{"maxBatch": 1}', TypeError, 'its keys are "batchSizes", "maxBatchSize"');
    await refuses('{"batchSizes": 8}', TypeError, "batchSizes must be a list, received 8");
    const page = await Deno.readTextFile(new URL("../../src/serve/deploy/README.md", import.meta.url));
    await Deno.writeTextFile(path, /```json\n([^]*?)```/.exec(page)![1]);
    const { batchSizes, processor, batching } = await withOwnOptions(path, all);
    assertEquals([batchSizes, processor, Object.keys(batching!).length], [[1, 64, 512], "never", 6]);
  }));

Deno.test("serve reads options beside the versions of a model, and refuses those that cannot be", () =>
  inFolder(async (folder) => {
    for (const name of ["a", "b"]) await Deno.mkdir(`${folder}/models/${name}/1`, { recursive: true });
    await trainModel(folder, "models/a/1/model.weft");
    await Deno.copyFile(`${folder}/models/a/1/model.weft`, `${folder}/models/b/1/model.weft`);
    await Deno.writeTextFile(`${folder}/models/b/config.json`, '{"maxBatchSize": 5, "batchSizes": [5]}');
    const files = await listModelFolder(`${folder}/models`);
    assertEquals(files.map(({ options }) => options?.slice(folder.length)), [undefined, "/models/b/config.json"]);
    const args = ["--models", "models", "--port", "0", "--batch-sizes", "8"];
    const server = new ServerProcess(start(folder, "serve", ...args));
    const [, url] = await server.says(/serving a, b at (\S+)\n/);
    const sizeOf = async (name: string) =>
      (await (await fetch(`${url}/v2/models/${name}/config`)).json()).max_batch_size;
    assertEquals([await sizeOf("a"), await sizeOf("b")], [4096, 5]);
    await Deno.writeTextFile(`${folder}/models/b/config.json`, '{"maxQueueSize": 0}');
    const refused = await fetch(`${url}/v2/repository/models/b/load`, { method: "POST" });
    assertEquals(refused.status, 400);
    assertStringIncludes((await refused.json()).error, "maxQueueSize must be a positive integer, received 0");
    assertEquals(await sizeOf("b"), 5);
    server.signal("SIGTERM");
    assertEquals((await server.end()).code, 0);
  }));
