import { main } from "../../src/cli.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { parquetReadObjects } from "npm:hyparquet@1.33.0";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { inFolder } from "../folder.ts";
import { MODEL, SCHEMA, startPiped, writeData } from "./process.ts";

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;

/** Runs the command line in this process and keeps what it writes. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await main(args, {
    out: (text) => void (written.out += `${text}\n`),
    err: (text) => void (written.err += `${text}\n`),
  });
  return { code, ...written };
}

/** Writes the rows of a CSV file as Parquet. */
async function pack(csv: string, path: string): Promise<void> {
  const [names, ...rows] = (await Deno.readTextFile(csv)).trim().split("\n").map((line) => line.split(","));
  const columnData = names.map((name, index) => {
    const texts = rows.map((row) => row[index]);
    return { name, data: name === "price" ? texts.map((text) => BigInt(text)) : texts };
  });
  await Deno.writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData })));
}

Deno.test("train, evaluate, calibrate and predict take folders, patterns, Parquet and stdin alike", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/days/dt=1`, { recursive: true });
    await writeData(`${folder}/rows.csv`, 160);
    await pack(`${folder}/rows.csv`, `${folder}/days/dt=1/part-0.parquet`);
    const train = (data: string, out: string) =>
      run("train", "--data", `${folder}/${data}`, ...SCHEMA, ...MODEL, "--epochs", "1", "--out", `${folder}/${out}`);
    for (const [data, out] of [["r*.csv", "a.weft"], ["days", "b.weft"], ["days/*/*.parquet", "c.weft"]]) {
      const { code, err } = await train(data, out);
      assertEquals(code, 0, err);
    }
    const read = (path: string) => Deno.readFile(`${folder}/${path}`);
    assertEquals([await read("b.weft"), await read("c.weft")], [await read("a.weft"), await read("a.weft")]);

    const model = ["--model-file", `${folder}/a.weft`];
    const measured = await run("evaluate", ...model, "--data", `${folder}/days`);
    assertEquals(measured, await run("evaluate", ...model, "--data", `${folder}/rows.csv`));
    const calibrated = ["--data", `${folder}/days`, "--out", `${folder}/d.weft`];
    assertEquals((await run("calibrate", ...model, ...calibrated)).code, 0);

    const out = `${folder}/scores.parquet`;
    const predicted = await run("predict", ...model, "--data", `${folder}/days`, "--id", "user,price", "--out", out);
    assertStringIncludes(predicted.err, `Wrote 160 probabilities to ${out}`);
    const rows = await parquetReadObjects({ file: (await Deno.readFile(out)).buffer });
    await run("predict", ...model, "--data", `${folder}/rows.csv`, "--id", "user,price", "--out", `${folder}/p.csv`);
    const lines = (await Deno.readTextFile(`${folder}/p.csv`)).trim().split("\n").slice(1);
    assertEquals(
      rows.map(({ user, price, probability }) => `${user},${price},${Number(probability.toPrecision(9))}`),
      lines,
    );
  }));

/** Runs the command line with bytes at its standard input. */
async function pipe(folder: string, bytes: Uint8Array, ...args: string[]): Promise<{ code: number; err: string }> {
  const child = startPiped(folder, ...args);
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  const { code, stderr } = await child.output();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test("standard input is read where its form is told", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/rows.csv`, 64);
    await pack(`${folder}/rows.csv`, `${folder}/rows.parquet`);
    const args = ["train", "--data", "-", ...SCHEMA, ...MODEL, "--epochs", "1", "--out", "m.weft"];
    for (const form of ["csv", "parquet"]) {
      const bytes = await Deno.readFile(`${folder}/rows.${form}`);
      const { code, err } = await pipe(folder, bytes, ...args, "--format", form);
      assertEquals(code, 0, err);
    }
    const unknown = await run(...args);
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.err, 'Cannot read standard input: option "--format" is missing');
    const bad = await pipe(folder, new TextEncoder().encode("click,user\n"), ...args, "--format", "csv");
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.err, 'Cannot read "standard input": no column "item"');
  }));

Deno.test("a pattern without files, and options of another form, are refused", () =>
  inFolder(async (folder) => {
    const none = await run("train", "--data", `${folder}/*.csv`, ...SCHEMA, ...MODEL);
    assertEquals(none.code, 1);
    assertStringIncludes(none.err, "a file must have such a name, received none");
    const foreign = await run("train", "--data", "x.parquet", "--delimiter", ";", ...SCHEMA, ...MODEL);
    assertEquals(foreign.code, 2);
    assertStringIncludes(foreign.err, 'option "--delimiter" is not for parquet files');
  }));

// DuckDB takes yes and no for booleans unless told otherwise.
const ROWS = "read_csv('rows.csv', all_varchar = true)";

Deno.test("a query stands in place of files, for each command", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/rows.csv`, 160);
    // Without the lock file, which is to know nothing of an optional package.
    const weft = async (...args: string[]) => {
      const command = { args: ["run", "-A", "--no-lock", CLI, ...args], cwd: folder, env: { NO_COLOR: "1" } };
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), command).output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    };
    const sql = ["--sql", `select * from ${ROWS}`];
    const trained = await weft("train", ...sql, ...SCHEMA, ...MODEL, "--epochs", "1", "--out", "a.weft");
    assertEquals(trained.code, 0, trained.err);
    const files = ["--data", "rows.csv"];
    await weft("train", ...files, ...SCHEMA, ...MODEL, "--epochs", "1", "--out", "b.weft");
    assertEquals(await Deno.readFile(`${folder}/a.weft`), await Deno.readFile(`${folder}/b.weft`));
    const measured = await weft("evaluate", "--model-file", "a.weft", ...sql);
    assertEquals(measured.out, (await weft("evaluate", "--model-file", "a.weft", ...files)).out);
    const none = await weft("evaluate", "--model-file", "a.weft", "--sql", `select * from ${ROWS} limit 0`);
    assertStringIncludes(
      none.err,
      `Cannot use "select * from ${ROWS} limit 0": there must be a row, received none`,
    );
    assertEquals((await run("evaluate", "--model-file", "a.weft", ...sql, ...files)).code, 2);
    assertEquals((await run("evaluate", "--model-file", "a.weft", ...files, "--database", "x.duckdb")).code, 2);
  }));
