import { assertEquals } from "../src/std.ts";

/** What the files of a folder may import; what is not named here is free. */
const ALLOWED: Record<string, readonly string[]> = {
  "src/gpu/": ["src/gpu/", "shaders/"],
  "src/graph/": ["src/gpu/", "src/graph/", "src/initializer.ts"],
  "src/ops/": ["src/gpu/", "src/graph/", "src/ops/", "src/optimizer.ts", "shaders/"],
  "src/layers/": ["src/graph/", "src/ops/", "src/layers/", "src/initializer.ts"],
  "src/data/": ["src/data/", "src/std.ts", "src/checkpoint", "src/metrics"],
  "src/metrics": ["src/metrics"],
  "models/": ["src/layers/", "src/definition.ts", "src/initializer.ts", "models/"],
};

/** The only files that may import the list of all models. */
const MODEL_LIST_READERS = /^(mod\.ts|src\/cli|models\/|tests\/|bench\/)/;

const root = new URL("../", import.meta.url);

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    const path = folder + entry.name;
    if (entry.isDirectory) yield* sources(`${path}/`);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

function importsOf(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, root));
  const specifiers = [...text.matchAll(/^(?:import|export)[^;]*?from "(\.[^"]+)"/gm)].map(([, specifier]) => specifier);
  return specifiers.map((specifier) => new URL(specifier, new URL(path, root)).href.slice(root.href.length));
}

Deno.test("imports go one way: shaders, gpu, graph, ops, layers, models", () => {
  const wrong: string[] = [];
  for (const path of [...sources("src/"), ...sources("models/")]) {
    const folder = Object.keys(ALLOWED).find((prefix) => path.startsWith(prefix));
    for (const target of importsOf(path)) {
      if (folder && !ALLOWED[folder].some((prefix) => target.startsWith(prefix))) wrong.push(`${path} -> ${target}`);
      if (target === "models/mod.ts" && !MODEL_LIST_READERS.test(path)) wrong.push(`${path} -> ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("the engine below the command line uses nothing of the host runtime", () => {
  const folders = ["src/gpu/", "src/graph/", "src/ops/", "src/layers/", "models/"];
  const files = folders.flatMap((folder) => [...sources(folder)]);
  const wrong = files.filter((path) => /\bDeno\.|"(node|npm):/.test(Deno.readTextFileSync(new URL(path, root))));
  assertEquals(wrong, []);
});
