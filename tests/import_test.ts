import { models } from "../models/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { inFolder } from "./folder.ts";

const ROOT = new URL("../", import.meta.url);

/** Imports modules in a project of its own, in a fresh folder; resolves to the names of the functions in each. */
function importElsewhere<K extends string>(
  specifiers: Readonly<Record<K, string>>,
  flags: string[],
): Promise<Record<K, string[]>> {
  return inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/deno.json`, "{}");
    const modules = Object.entries<string>(specifiers);
    const lines = [
      ...modules.map(([, specifier], i) => `import * as module${i} from ${JSON.stringify(specifier)};`),
      "const functions = (module: object): string[] =>",
      "  Object.entries(module).filter(([, value]) => typeof value === 'function').map(([name]) => name).sort();",
      `const modules = { ${modules.map(([name], i) => `${JSON.stringify(name)}: functions(module${i})`).join(", ")} };`,
      "console.log(JSON.stringify(modules));",
    ];
    await Deno.writeTextFile(`${folder}/main.ts`, lines.join("\n"));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--check", "--no-prompt", ...flags, "main.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  });
}

/** Serves the repository's files the way a plain web host would. */
async function serveFile(request: Request): Promise<Response> {
  const url = new URL(`.${new URL(request.url).pathname}`, ROOT);
  const types: Record<string, string> = { ts: "application/typescript", json: "application/json" };
  try {
    const body = await Deno.readFile(url);
    return new Response(body, { headers: { "content-type": types[url.pathname.split(".").at(-1)!] ?? "text/plain" } });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Response("Not found", { status: 404 });
    throw error;
  }
}

const { exports: entries }: { exports: Record<string, string> } = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", ROOT)),
);

/** What each entry point is there for. */
const PURPOSE: Record<string, readonly string[]> = {
  ".": ["Model", "adam", "deepfm", "readCsv", "requestAdapter"],
  "./layers": ["defineModel", "embedding", "mlp", "share", "xavierNormal"],
  "./metrics": ["auc", "calibration", "logloss"],
  "./models": ["deepfm", "xdeepfm"],
  "./client": ["Client", "ServerError", "encodeInfer"],
  "./data": ["readCsv", "readData", "readParquet", "readSql"],
  "./interchange": ["exportSafetensors", "importStateDict", "readSafetensors"],
  "./runs": ["findRuns", "readRun"],
  "./search": ["asha", "grid", "openJournal", "random", "tpe", "tune"],
  "./report": ["collectReport", "diagnose", "permutationImportance", "renderReport", "writeReport"],
  "./serve": ["epsilonGreedy", "plackettLuce", "serve"],
  "./gpu": ["Gpu", "Profiler", "listAdapters", "requestAdapter"],
  "./cli": ["main"],
};

let imported: Promise<Record<string, string[]>> | undefined;

/** Imports all entry points by their paths, once. */
function importByPath(): Promise<Record<string, string[]>> {
  const specifiers = Object.entries(entries).map(([name, path]) => [name, new URL(path, ROOT).href]);
  return imported ??= importElsewhere(Object.fromEntries(specifiers), []);
}

for (const [name, path] of Object.entries(entries)) {
  Deno.test(`${path} can be imported by path from a project with no import map and no permission`, async () => {
    const names = (await importByPath())[name];
    assertEquals(PURPOSE[name].filter((wanted) => !names.includes(wanted)), []);
  });
}

Deno.test("mod.ts exports neither layers nor what the engine is made of", async () => {
  const { ".": names, "./layers": layers } = await importByPath();
  assertEquals(names.filter((name) => layers.includes(name)), []);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["doc", "--json", "mod.ts"], cwd: ROOT }).output();
  const [{ symbols }] = Object.values(JSON.parse(new TextDecoder().decode(stdout)).nodes) as {
    symbols: { name: string }[];
  }[];
  const engine =
    /^(Plan|Graph|Node|Op|Output|Emitter|Kernel\w*|Buffer\w*|Shader\w*|Image\w*|Dispatch|Table\w*|Parameter)$/;
  const found = symbols.map(({ name }) => name).filter((name) => engine.test(name));
  // What a profiler measured is for people to read.
  assertEquals(found, ["KernelTime"]);
  // A model has a name and its options have one.
  const besides = symbols.length - 2 * Object.keys(models).length;
  assert(besides < 180, `${besides} names`);
});

Deno.test("mod.ts can be imported by URL from a project with no import map", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, serveFile);
  const host = `127.0.0.1:${server.addr.port}`;
  const flags = [`--allow-import=${host}`, `--reload=http://${host}`];
  const { main } = await importElsewhere({ main: `http://${host}/mod.ts` }, flags);
  assertEquals(main, (await importByPath())["."]);
});
