import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";

const PROGRAM = new URL("./sql_program.ts", import.meta.url).pathname;

/** Runs a query in a process of its own, without the lock file, which is to know nothing of an optional package. */
async function read(folder: string, query: string, ...database: string[]): Promise<unknown> {
  const args = ["run", "-A", "--no-lock", PROGRAM, query, ...database];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
  const text = new TextDecoder().decode(stdout);
  return text === "" ? new TextDecoder().decode(stderr) : JSON.parse(text);
}

Deno.test("the rows of an SQL query over files become a data set, or a named error", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/clicks.csv`, "click,user,item\n1,9007199254740993,a\n0,8,b\n0,8,a\n");
    await Deno.writeTextFile(`${folder}/items.csv`, "item,price\na,0.5\nb,2\n");
    const query = "select click, user, price from 'clicks.csv' join 'items.csv' using (item) order by user, price; ";
    assertEquals(await read(folder, query), {
      rows: 3,
      vocabulary: ["8", "9007199254740993"],
      values: [0.5, 2, 0.5],
    });
    const refused: [string, string][] = [
      ["selec 1", "SyntaxError: Cannot read a query: Parser Error"],
      ["select 1 as click, 'a' as user", 'RangeError: Cannot read "query": no column "price" for feature "price"'],
      ["select 1 as click, 'a' as user, 'x' as price", 'SyntaxError: Cannot read "query" row 1: field "price"'],
    ];
    for (const [wrong, message] of refused) assertStringIncludes(String(await read(folder, wrong)), message);
    const absent = String(await read(folder, "select 1", "none.duckdb"));
    assertStringIncludes(absent, 'Cannot read "none.duckdb": ');
  }));
