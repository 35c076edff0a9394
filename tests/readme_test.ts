import { models } from "../models/mod.ts";
import { main } from "../src/cli.ts";
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const README = Deno.readTextFileSync(new URL("README.md", ROOT));

Deno.test("the table of models lists what the command line offers", () => {
  const page = Deno.readTextFileSync(new URL("models/README.md", ROOT));
  const listed = [...page.matchAll(/^\| `([a-z0-9_]+)` +\|.*\d{4} +\|$/gm)].map(([, name]) => name);
  assertEquals(Object.keys(models).filter((slug) => !listed.includes(slug)), []);
});

Deno.test("each task in a command exists and its options do too", async () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const commands = [...README.matchAll(/^npx -y deno@2\.9\.6 task (\S+)((?:.*\\\n)*.*)$/gm)];
  assert(commands.length >= 6, `${commands.length} commands`);
  for (const [, task, rest] of commands) {
    assert(task in tasks, task);
    let help = "";
    if (!["test", "bench", "ok"].includes(task)) {
      assertEquals(await main([task, "--help"], { out: (text) => void (help += text), err: () => {} }), 0);
    }
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) assert(help.includes(`  ${option} `), `${task} ${option}`);
  }
});

Deno.test("paths in the table of folders exist", () => {
  const paths = [...README.matchAll(/^\| `([^`*]+[/s])` +\|/gm)].map(([, path]) => path).filter((path) =>
    /[/.]/.test(path)
  );
  assert(paths.length >= 10, paths.join());
  for (const path of paths) assert(Deno.statSync(new URL(path, ROOT)), path);
});

Deno.test("each option on the page about data is one of a command", async () => {
  const page = Deno.readTextFileSync(new URL("src/data/README.md", ROOT));
  const options = new Set([...page.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option));
  assert(options.size >= 12, [...options].join());
  let help = "";
  for (const name of ["train", "predict", "describe"]) {
    await main([name, "--help"], { out: (text) => void (help += text), err: () => {} });
  }
  assertEquals([...options].filter((option) => !help.includes(`  ${option} `)), []);
});

Deno.test("each function that the walk through the code names is in the file that it names, in under sixty lines", () => {
  const page = Deno.readTextFileSync(new URL("src/README.md", ROOT));
  assert(page.split("\n").length < 60);
  const stops = [...page.matchAll(/`([\w.]+)` in\s+`([\w./]+\.(?:ts|wgsl))`/g)];
  assert(stops.length >= 25, `${stops.length} stops`);
  const declares = (text: string, name: string): boolean =>
    new RegExp(`(?:fn|function|class|const) ${name}\\b|^ +(?:static )?(?:async )?${name}\\(`, "m").test(text);
  const missing = stops.filter(([, name, file]) => {
    const text = Deno.readTextFileSync(new URL(file, new URL(file.endsWith(".wgsl") ? "shaders/" : "src/", ROOT)));
    return !name.split(".").every((part) => declares(text, part));
  });
  assertEquals(missing.map(([stop]) => stop), []);
});
