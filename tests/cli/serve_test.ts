import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run, SCHEMA, start, startWith, writeData } from "./process.ts";
import { ServerProcess, trainModel } from "./server_process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Returns the rows of the file that models are trained on, and the scores that `predict` writes for them. */
async function predictRows(folder: string, model: string): Promise<{ rows: unknown[]; scores: number[] }> {
  const predicted = await run(folder, "predict", "--model-file", model, "--data", "clicks.csv", "--out", "-");
  const scores = predicted.out.trim().split("\n").slice(1).map(Number);
  const [header, ...lines] = (await Deno.readTextFile(`${folder}/clicks.csv`)).split("\n").map((line) =>
    line.split(",")
  );
  const rows = lines.map((cells) => Object.fromEntries(cells.slice(1).map((cell, i) => [header[i + 1], cell])));
  return { rows, scores };
}

const json = (body: unknown) => ({ method: "POST", body: JSON.stringify(body) });

Deno.test("serve answers with the scores that predict writes, and drains when it is told to stop", async () => {
  await inFolder(async (folder) => {
    await trainModel(folder, "clicks.weft");
    const { rows, scores: expected } = await predictRows(folder, "clicks.weft");
    const args = ["--model-file", "clicks.weft", "--port", "0", "--batch-sizes", "8,64", "--processor", "never"];
    const server = new ServerProcess(start(folder, "serve", ...args));
    const [, url] = await server.says(/serving clicks at (http:\/\/127\.0\.0\.1:\d+)\n/);
    assertEquals(await (await fetch(`${url}/v2/health/ready`)).json(), { ready: true });
    const { scores } = await (await fetch(`${url}/v1/predict`, json({ rows }))).json();
    assertEquals(scores.map(Math.fround), expected.map(Math.fround));
    const answers = Array.from({ length: 8 }, () => fetch(`${url}/v1/predict`, json({ rows: rows.slice(0, 3) })));
    await Promise.all(answers.map(async (answer) => assertEquals((await (await answer).json()).scores.length, 3)));
    server.signal("SIGTERM");
    const { code, said } = await server.end();
    assertEquals(code, 0, said);
    assertStringIncludes(said, "clicks: all batches on the device: it is not asked for\n");
    assertStringIncludes(said, "stopping: 0 requests wait\n");
  });
});

Deno.test("serve answers from quantized tables with the scores that predict writes", async () => {
  await inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 64);
    const model = ["--dim", "16", "--hidden", "8", "--epochs", "1", "--out", "clicks.weft"];
    assertEquals((await run(folder, "train", "--data", "clicks.csv", ...SCHEMA, ...model)).code, 0);
    const args = ["--model-file", "clicks.weft", "--to", "int8", "--out", "small.weft"];
    const quantized = await run(folder, "quantize", ...args);
    assertStringIncludes(quantized.err, "tables: embedding as int8, linear as f16");
    const { rows, scores: expected } = await predictRows(folder, "small.weft");
    const options = ["--model-file", "small.weft", "--port", "0", "--batch-sizes", "64", "--processor", "never"];
    const server = new ServerProcess(start(folder, "serve", ...options));
    const [, url] = await server.says(/serving small at (http:\/\/127\.0\.0\.1:\d+)\n/);
    const { scores } = await (await fetch(`${url}/v1/predict`, json({ rows }))).json();
    assertEquals(scores.map(Math.fround), expected.map(Math.fround));
    server.signal("SIGTERM");
    assertEquals((await server.end()).code, 0);
  });
});

Deno.test("serve exchanges models in a folder while requests run", async () => {
  await inFolder(async (folder) => {
    const place = (version: number) => `repository/ctr/${version}`;
    await Deno.mkdir(`${folder}/${place(1)}`, { recursive: true });
    await trainModel(folder, `${place(1)}/model.weft`);
    await trainModel(folder, "second.weft", "--seed", "2");
    const server = new ServerProcess(
      start(folder, "serve", "--models", "repository", "--port", "0", "--batch-sizes", "8", "--processor", "always"),
    );
    await server.says(/ctr: on the processor batches up to 8 rows\n/);
    const [, url] = await server.says(/serving ctr at (\S+)\n/);
    const load = () => fetch(`${url}/v2/repository/models/ctr/load`, json({}));
    const rank = async () =>
      await (await fetch(`${url}/v1/predict`, json({ rows: [{ user: "u1", item: "i2", price: 3 }] }))).json();
    const first = await rank();
    assertEquals(first.version, "1");

    await Deno.mkdir(`${folder}/${place(2)}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${place(2)}/model.weft`, "no model");
    const refused = await load();
    assertEquals(refused.status, 400);
    assertMatch((await refused.json()).error, /Cannot load "ctr" version 2: Cannot /);
    assertEquals(await rank(), first);
    const index = await (await fetch(`${url}/v2/repository/index`, json({}))).json();
    assertEquals(index.map(({ version, state }: Record<string, string>) => `${version} ${state}`), [
      "1 READY",
      "2 UNAVAILABLE",
    ]);

    await Deno.rename(`${folder}/second.weft`, `${folder}/${place(2)}/model.weft`);
    let isLoaded = false;
    const versions = new Set<string>();
    const asking = Promise.all(Array.from({ length: 4 }, async () => {
      while (!isLoaded) versions.add((await rank()).version);
    }));
    assertEquals((await load()).status, 200);
    isLoaded = true;
    await asking;
    const second = await rank();
    assertEquals([second.version, [...versions].every((version) => "12".includes(version))], ["2", true]);
    assert(second.scores[0] !== first.scores[0]);

    server.signal("SIGHUP");
    await server.says(/loaded ctr version 2 [^]*loaded ctr version 2 /);
    assertEquals(await rank(), second);
    assertEquals((await fetch(`${url}/v2/repository/models/ctr/unload`, json({}))).status, 200);
    assertEquals((await fetch(`${url}/v2/models/ctr`)).status, 404);
    assertEquals((await fetch(`${url}/v2/health/ready`)).status, 503);
    server.signal("SIGINT");
    assertEquals((await server.end()).code, 0);
  });
});

Deno.test("serve needs to listen and to read its model; to read the sources, too, for workers", async () => {
  await inFolder(async (folder) => {
    await trainModel(folder, "clicks.weft");
    for (const [sources, isInWorker] of [[[], false], [[ROOT], true]] as const) {
      const permissions = ["--allow-net=127.0.0.1", `--allow-read=${[`${folder}/clicks.weft`, ...sources].join()}`];
      const args = ["--model-file", "clicks.weft", "--port", "0", "--batch-sizes", "8"];
      const server = new ServerProcess(startWith(folder, permissions, "serve", ...args));
      const [, url] = await server.says(/serving clicks at (\S+)\n/);
      const answer = await fetch(`${url}/v1/predict`, json({ rows: [{ user: "u1", item: "i2", price: 3 }] }));
      assertEquals((await answer.json()).scores.length, 1);
      server.signal("SIGTERM");
      const { code, said } = await server.end();
      assertEquals([code, said.includes("scores are computed in the server's thread")], [0, !isInWorker], said);
    }
  });
});

Deno.test("serve begins with a live version, a canary and a shadow", async () => {
  await inFolder(async (folder) => {
    for (const version of [1, 2, 3]) {
      await Deno.mkdir(`${folder}/repository/ctr/${version}`, { recursive: true });
      await trainModel(folder, `repository/ctr/${version}/model.weft`, "--seed", `${version}`);
    }
    const plans = ["--live", "ctr=1", "--canary", "ctr=3:0.25:user", "--shadow", "ctr=2:1"];
    const more = ["--constant", "price=3", "--grpc-port", "0"];
    const args = ["--models", "repository", "--port", "0", "--batch-sizes", "8", ...more, ...plans];
    const server = new ServerProcess(start(folder, "serve", ...args));
    const [said, url] = await server.says(/[^]*serving ctr at (\S+), gRPC on port \d+\n/);
    assertStringIncludes(said, "version 3 of ctr answers 25 % of requests\n");
    const state = await (await fetch(`${url}/v1/models/ctr/rollout`)).json();
    assertEquals([state.live, state.canary, state.loaded], ["1", { version: "3", share: 0.25, by: "user" }, [
      ...["1", "2", "3"],
    ]]);
    assertEquals([state.shadow.version, state.shadow.share], ["2", 1]);
    const candidates = [{ price: 1 }, { price: 9 }, {}];
    const { results } = await (await fetch(`${url}/v1/rank`, json({ context: { user: "u1", item: "i2" }, candidates })))
      .json();
    assertEquals(new Set(results.map(({ score }: { score: number }) => score)).size, 1);
    const promoted = await (await fetch(`${url}/v1/models/ctr/promote`, json({}))).json();
    assertEquals([promoted.live, promoted.previous, promoted.loaded], ["3", "1", ["1", "3"]]);
    server.signal("SIGTERM");
    assertEquals((await server.end()).code, 0);
  });
});

Deno.test("serve refuses what it cannot serve", async () => {
  await inFolder(async (folder) => {
    const says = async (args: string[], code: number, message: string) => {
      const ended = await run(folder, "serve", ...args);
      assertStringIncludes(ended.err, message);
      assertEquals(ended.code, code);
    };
    await says([], 2, 'option "--model-file" or "--models" is missing');
    await says(["--model-file", "a.weft", "--model-file", "b/a.weft"], 2, 'received "a" twice');
    await says(["--model-file", "a.weft", "--models", "b"], 2, '"--model-file" cannot be used with "--models"');
    await says(["--model-file", "a.weft", "--tls-cert", "c.pem"], 2, 'option "--tls-cert" needs "--tls-key"');
    await says(["--models", "a", "--canary", "ctr=2"], 2, '"--canary" must be NAME=VERSION:SHARE[:COLUMN]');
    await says(["--models", "a", "--constant", "price"], 2, '"--constant" must be COLUMN=VALUE, received "price"');
    await says(["--models", "a", "--live", "ctr"], 2, '"--live" must be NAME=VERSION');
    await says(
      ["--model-file", "a.weft", "--processor", "sometimes"],
      2,
      '"--processor" must be one of auto, never, always',
    );
    await says(["--model-file", "a.weft"], 1, 'Cannot load "a" version 1');
    await says(["--models", "none"], 1, 'Cannot list models: "none" must be a folder');
  });
});
