import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { MODEL, run, SCHEMA, start, writeData } from "./process.ts";

/** Starts a server and returns its address. */
async function startServer(folder: string, ...args: string[]): Promise<{ url: string; stop: () => Promise<number> }> {
  const child = start(folder, "serve", "--port", "0", "--batch-sizes", "8,64", ...args);
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let url: string | undefined;
  while (url === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server said: ${said}`);
    said += value;
    url = /serving .* at (\S+)\n/.exec(said)?.[1];
  }
  const stop = async () => {
    child.kill("SIGTERM");
    while (!(await reader.read()).done);
    await child.stdout.cancel();
    return (await child.status).code;
  };
  return { url, stop };
}

async function succeeds(folder: string, ...args: string[]): Promise<{ out: string; err: string }> {
  const { code, out, err } = await run(folder, ...args);
  assertEquals(code, 0, err);
  return { out, err };
}

const linesOf = async (path: string): Promise<Record<string, unknown>[]> =>
  (await Deno.readTextFile(path)).trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("the loop closes: what was served is logged, joined with labels, and trained on", async () => {
  await inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 64);
    await succeeds(folder, "train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "1", "--out", "ctr.weft");
    const { url, stop } = await startServer(folder, "--model-file", "ctr.weft", "--log", "served");

    // Labels of rows told apart by index, in requests named by a header, by the protocol's id, and by the server.
    const rowAt = (r: number) => ({ user: `u${(r * 5) % 7}`, item: `i${(r * 3) % 4}`, price: r % 11 });
    const clicked = (r: number) => ((r * 5) % 7 + (r * 3) % 4) % 2 === 0;
    const labels: string[] = ["index,id,click"];
    const post = async (path: string, body: unknown, headers: HeadersInit = {}) => {
      const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body), headers });
      assertEquals(response.status, 200);
      return { id: response.headers.get("x-request-id"), answer: await response.json() };
    };
    const given = Array.from({ length: 24 }, (_, r) => rowAt(r));
    const first = await post("/v1/predict", { rows: given }, { "x-request-id": "by header, 1" });
    assertEquals(first.id, "by header, 1");
    given.forEach((_, i) => labels.push(`${i},"by header, 1",${clicked(i) ? "yes" : "no"}`));
    const column = (name: keyof typeof given[0], datatype: string) => ({
      ...{ name, datatype, shape: [24], data: given.map((row) => row[name]) },
    });
    const inputs = [column("user", "BYTES"), column("item", "BYTES"), column("price", "FP32")];
    const { answer } = await post("/v2/models/ctr/infer", { id: "by protocol", inputs });
    assertEquals(answer.id, "by protocol");
    given.forEach((_, i) => clicked(i) && labels.push(`${i},by protocol,yes`));
    const ranked = await post("/v1/rank", {
      context: { user: "u1" },
      candidates: given.map(({ user: _, ...rest }) => rest),
    });
    assertMatch(ranked.id!, /^[0-9a-f-]{36}$/);
    labels.push(`3,${ranked.id},yes`, "0,of nobody,yes");
    assertEquals(await stop(), 0);
    await Deno.writeTextFile(`${folder}/labels.csv`, labels.join("\n"));

    const args = ["--log", "served", "--labels", "labels.csv", "--out", "joined.jsonl"];
    const known = labels.length - 2;
    const without = await succeeds(folder, "join-labels", ...args);
    assertStringIncludes(without.err, `${known} rows joined, ${72 - known} rows without a label left out\n`);
    assertStringIncludes(without.err, "warning: 1 label belong");
    assertEquals((await linesOf(`${folder}/joined.jsonl`)).length, known);
    await succeeds(folder, "join-labels", ...args, "--otherwise", "no");
    const joined = await linesOf(`${folder}/joined.jsonl`);
    assertEquals(joined.length, 72);
    const { served_time: time, ...row } = joined[24 + 2];
    assert(Math.abs(Date.parse(time as string) - Date.now()) < 600_000);
    const served = { served_id: "by protocol", served_index: 2, served_version: "1" };
    assertEquals(row, { ...served, ...rowAt(2), click: clicked(2) ? "yes" : "no" });
    assertEquals(joined[48 + 3], {
      ...{ served_time: joined[48].served_time, served_id: ranked.id, served_index: 3, served_version: "1" },
      ...{ ...rowAt(3), user: "u1", click: "yes" },
    });

    const again = ["--data", "joined.jsonl", ...SCHEMA, ...MODEL, "--time", "served_time", "--split", "0.8,0.2"];
    const trained = await succeeds(folder, "train", ...again, "--epochs", "1", "--out", "next.weft");
    assertStringIncludes(trained.out, "Saved the model to next.weft");
    const from = ["--data", "joined.jsonl", "--from", "ctr.weft", "--out", "updated.weft"];
    await succeeds(folder, "train", ...from);
  });
});

Deno.test("join-labels refuses what cannot be joined, and names line and file", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/log`);
    const line = (model: string, id: string) =>
      JSON.stringify({ id, index: 0, model, version: "1", scores: {}, row: { a: 1 } });
    const says = async (message: string, labels: string, ...more: string[]) => {
      await Deno.writeTextFile(`${folder}/labels.csv`, labels);
      const args = ["--log", "log", "--labels", "labels.csv", "--out", "out.jsonl", ...more];
      const { code, err } = await run(folder, "join-labels", ...args);
      assertStringIncludes(err, message);
      assertEquals(code, 1);
    };
    await says("it must have finished files, received none", "id,click\nx,1\n");
    await Deno.writeTextFile(`${folder}/log/a.jsonl`, `${line("one", "x")}\n${line("two", "y")}\n`);
    await says("the log has models one and two; --model chooses one", "id,click\nx,1\n");
    await says('ids of "labels.csv" must be in the log, received none of them', "id,click\ny,1\n", "--model", "one");
    await says('line 1: expected a column "id", received', "request,click\nx,1\n");
    await says("line 1: expected columns of labels, received", "id,index\nx,1\n");
    await says("line 2: expected 2 fields, received 3", "id,click\nx,1,2\n");
    await says('line 2: expected a row number, received "first"', "id,index,click\nx,first,1\n");
    await Deno.writeTextFile(`${folder}/log/a.jsonl`, `${line("one", "x")}\n{"id": \n`);
    await says('Cannot read "log/a.jsonl" line 2: expected a served row', "id,click\nx,1\n");
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).then((names) => names.sort()), [
      "labels.csv",
      "log",
    ]);
    await Deno.writeTextFile(`${folder}/log/a.jsonl`, `${line("one", "x")}\n`);
    await Deno.writeTextFile(`${folder}/labels.csv`, "id,click,buy\nx,0,0\nx,1,0\n");
    const { code, err } = await run(
      folder,
      "join-labels",
      "--log",
      "log",
      "--labels",
      "labels.csv",
      "--out",
      "out.jsonl",
    );
    assertStringIncludes(err, "warning: of 1 row with labels again, the last count");
    assertEquals(code, 0);
    const [{ click, buy, a }] = await linesOf(`${folder}/out.jsonl`);
    assertEquals([click, buy, a], ["1", "0", 1]);
  });
});
