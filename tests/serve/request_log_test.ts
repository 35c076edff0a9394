import { isChosen, type LogLine, type LogOptions, RequestLog } from "../../src/serve/request_log.ts";
import type { Row } from "../../src/data/rows.ts";
import type { RequestSuccess, ServedModel } from "../../src/serve/served_model.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";

const model = { name: "ctr", version: "2", tasks: ["click"] } as unknown as ServedModel;

function put(log: RequestLog, id: string | undefined, rows: readonly Row[]): void {
  const scores = [{ scores: Float32Array.from(rows, (_, i) => i / 8), logits: new Float32Array(rows.length) }];
  log.onSuccess(
    model,
    { data: { rows: rows.length }, scores, given: { id, rows: () => rows } } as unknown as RequestSuccess,
  );
}

const namesIn = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

async function linesIn(folder: string): Promise<LogLine[]> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  return texts.flatMap((text) => text.trimEnd().split("\n").map((line) => JSON.parse(line)));
}

/** Opens a log, hands it to `work`, and closes it. */
async function withLog(
  options: LogOptions,
  work: (log: RequestLog, errors: unknown[]) => Promise<void> | void,
): Promise<RequestLog> {
  const errors: unknown[] = [];
  await using log = await RequestLog.open(options, (error) => errors.push(error));
  await work(log, errors);
  return log;
}

Deno.test("a log has a line for each row, with columns as received, in a file that is finished at the end", async () => {
  await inFolder(async (folder) => {
    const rows = [{ user: "ü\n1", item: 7, tags: ["a", "b"] }, { user: null }];
    const log = await withLog({ folder: `${folder}/deep/log` }, async (log) => {
      put(log, "r1", rows);
      put(log, undefined, rows);
      put(log, "r2", Array.from({ length: 600 }, (_, i) => ({ user: i })));
      assertEquals(log.counts, { written: 0, dropped: 0, waiting: 602 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert((await namesIn(`${folder}/deep/log`)).some((name) => name.endsWith(".jsonl.partial")));
    });
    assertEquals(log.counts, { written: 602, dropped: 0, waiting: 0 });
    const names = await namesIn(`${folder}/deep/log`);
    assertEquals([names.length, names.filter((name) => name.endsWith(".jsonl")).length], [2, 1]);
    const lines = await linesIn(`${folder}/deep/log`);
    const { time, ...first } = lines[0];
    assert(Math.abs(Date.parse(time) - Date.now()) < 60_000);
    assertEquals(first, { id: "r1", index: 0, model: "ctr", version: "2", scores: { click: 0 }, row: rows[0] });
    assertEquals([lines[1].index, lines[1].row, lines[1].scores.click], [1, { user: null }, 0.125]);
    assertEquals(lines.slice(2).map(({ index }) => index), Array.from({ length: 600 }, (_, i) => i));
  });
});

Deno.test("files are finished by size and by age", async () => {
  await inFolder(async (folder) => {
    await withLog({ folder, maxFileBytes: 500 }, (log) => {
      for (let i = 0; i < 20; i++) put(log, `r${i}`, [{ user: i }]);
    });
    const names = (await namesIn(folder)).filter((name) => name.endsWith(".jsonl"));
    assert(names.length >= 4, `${names.length} files`);
    assertEquals((await linesIn(folder)).map(({ id }) => id), Array.from({ length: 20 }, (_, i) => `r${i}`));
  });
  await inFolder(async (folder) => {
    await withLog({ folder, maxFileMs: 20 }, async (log) => {
      put(log, "r", [{ user: 1 }]);
      while (!(await namesIn(folder)).some((name) => name.endsWith(".jsonl"))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      put(log, "s", [{ user: 2 }]);
    });
    assertEquals((await linesIn(folder)).map(({ id }) => id), ["r", "s"]);
  });
});

Deno.test("a line that a killed server has torn is cut when the next one starts", async () => {
  await inFolder(async (folder) => {
    const partial = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}.jsonl.partial`, text);
    await partial("a", `{"id": "whole"}\n{"id": "to`);
    await partial("b", `{"torn": "${"x".repeat(100_000)}`);
    await partial("c", `{"id": "${"y".repeat(100_000)}"}\n{"torn": "${"z".repeat(70_000)}`);
    await withLog({ folder }, () => {});
    assertEquals(await namesIn(folder), [".lock", "a.jsonl", "c.jsonl"]);
    assertEquals((await linesIn(folder)).map(({ id }) => id), ["whole", "y".repeat(100_000)]);
  });
});

Deno.test("rows beyond the queue's bound are dropped and counted, and requests never wait", async () => {
  await inFolder(async (folder) => {
    const log = await withLog({ folder, maxQueueRows: 10 }, (log) => {
      for (let i = 0; i < 5; i++) put(log, `r${i}`, [{ user: 1 }, { user: 2 }, { user: 3 }]);
      assertEquals(log.counts, { written: 0, dropped: 6, waiting: 9 });
    });
    assertEquals(log.counts, { written: 9, dropped: 6, waiting: 0 });
    assertEquals((await linesIn(folder)).length, 9);
  });
});

Deno.test("a disk that takes nothing is reported once, and what could not be written until the end is counted", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/log`;
    const log = await withLog({ folder: path }, async (log, errors) => {
      await Deno.remove(path, { recursive: true });
      put(log, "r", [{ user: 1 }]);
      while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assertStringIncludes((errors[0] as Error).message, `Cannot log to "${path}": `);
      put(log, "s", [{ user: 2 }, { user: 3 }]);
    });
    assertEquals(log.counts, { written: 0, dropped: 3, waiting: 0 });
  });
});

Deno.test("a disk that is full for a while loses no line", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/log`;
    const log = await withLog({ folder: path }, async (log, errors) => {
      await Deno.remove(path, { recursive: true });
      put(log, "r", [{ user: 1 }]);
      while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await Deno.mkdir(path);
      while (log.counts.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      assertEquals(errors.length, 1);
    });
    assertEquals(log.counts, { written: 1, dropped: 0, waiting: 0 });
    assertEquals((await linesIn(path)).map(({ id }) => id), ["r"]);
  });
});

Deno.test("a write that fails half way leaves whole lines", async () => {
  await inFolder(async (folder) => {
    const { write } = Deno.FsFile.prototype;
    const log = await withLog({ folder }, async (log, errors) => {
      put(log, "r", [{ user: 1 }]);
      while (log.counts.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      Deno.FsFile.prototype.write = async function (bytes) {
        await write.call(this, bytes.subarray(0, 20));
        throw new Error("No space left on device");
      };
      try {
        put(log, "s", [{ user: 2 }]);
        while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      } finally {
        Deno.FsFile.prototype.write = write;
      }
      assertStringIncludes((errors[0] as Error).message, "No space left on device");
    });
    assertEquals(log.counts, { written: 2, dropped: 0, waiting: 0 });
    assertEquals((await linesIn(folder)).map(({ id }) => id), ["r", "s"]);
  });
});

Deno.test("a folder has one writer", async () => {
  await inFolder(async (folder) => {
    await withLog({ folder }, async () => {
      const second = RequestLog.open({ folder }, () => {});
      await assertRejects(() => second, Error, `Cannot log to "${folder}": another process writes to it`);
    });
    await withLog({ folder }, () => {});
  });
});

Deno.test("a share of the requests is chosen by their ids", async () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => `request-${i}`);
  for (const share of [0.01, 0.25, 0.9]) {
    const chosen = ids.filter((id) => isChosen(id, share)).length / ids.length;
    assert(Math.abs(chosen - share) < 0.01, `${chosen} of ${share}`);
  }
  assertEquals(ids.filter((id) => isChosen(id, 0.2)).every((id) => isChosen(id, 0.3)), true);
  assert(isChosen("x", 1));
  await assertRejects(() => RequestLog.open({ folder: "x", share: 0 }, () => {}), RangeError, "share must be above 0");
  await assertRejects(() => RequestLog.open({ folder: "" }, () => {}), RangeError, "folder must be a path");
  await assertRejects(() => RequestLog.open({ folder: "x", maxFileBytes: 0 }, () => {}), RangeError, "maxFileBytes");
});
