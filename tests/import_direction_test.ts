import { assertEquals } from "@std/assert";

/** What the files of a folder may import; what is not named here is free. */
const ALLOWED: Record<string, readonly string[]> = {
  "src/gpu/mod.ts": ["src/gpu/", "src/host/"],
  "src/gpu/": ["src/gpu/", "shaders/"],
  "src/graph/": ["src/gpu/", "src/graph/", "src/initializer"],
  "src/kernels/": ["src/gpu/", "src/graph/", "src/kernels/", "src/software/mod.ts", "src/version.ts"],
  "src/ops/": ["src/gpu/", "src/graph/", "src/kernels/", "src/ops/", "src/losses.ts", "src/optimizer.ts", "shaders/"],
  "src/software/": ["src/gpu/", "src/graph/", "src/kernels/", "src/ops/", "src/software/", "shaders/"],
  "src/processor/forms/": ["src/graph/", "src/ops/", "src/processor/"],
  "src/layers/mod.ts": ["src/graph/", "src/ops/", "src/layers/", "src/definition.ts", "src/initializer"],
  "src/layers/": ["src/graph/", "src/ops/", "src/layers/", "src/initializer"],
  "src/data/": ["src/data/", "src/std.ts", "src/checkpoint/", "src/host/mod.ts", "src/metrics"],
  "src/metrics": ["src/metrics"],
  "src/search/": [
    "src/search/",
    "src/data/random.ts",
    "src/initializer/threefry.ts",
    "src/checkpoint/canonical_json.ts",
  ],
  "src/client/": ["src/client/", "src/serve/tensor.ts"],
  "models/": ["src/layers/", "src/definition.ts", "src/initializer", "models/"],
};

/** The only file outside `src/software` and the tests that may import it: a page with a GPU never loads it. */
const SOFTWARE_READERS = ["src/kernels/load.ts"];

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

/** Returns the files that a file imports; `pattern` captures their specifiers. */
function importsOf(
  path: string,
  pattern = /^(?:import|export)[^;]*?from "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm,
): string[] {
  const text = Deno.readTextFileSync(new URL(path, root));
  const specifiers = [...text.matchAll(pattern)].map(([, named, onDemand]) => named ?? onDemand);
  return specifiers.map((specifier) => new URL(specifier, new URL(path, root)).href.slice(root.href.length));
}

/** Imports of more than types, of other sources. */
const VALUES = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+\.ts)"/gm;

/** Returns the first circle of imports that a walk from `path` comes to. */
function circleFrom(path: string, way: readonly string[], done: Set<string>): string | undefined {
  if (way.includes(path)) return [...way.slice(way.indexOf(path)), path].join(" -> ");
  if (done.has(path)) return undefined;
  for (const target of importsOf(path, VALUES)) {
    const circle = circleFrom(target, [...way, path], done);
    if (circle) return circle;
  }
  done.add(path);
  return undefined;
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

Deno.test("only the registration imports kernels for drivers on the processor, and on demand", () => {
  const all = ["mod.ts", ...sources("src/"), ...sources("models/")].filter((path) => !path.startsWith("src/software/"));
  const readers = all.filter((path) => importsOf(path).some((target) => target.startsWith("src/software/")));
  assertEquals(readers, SOFTWARE_READERS);
  const atOnce = readers.filter((path) => importsOf(path, VALUES).some((target) => target.startsWith("src/software/")));
  assertEquals(atOnce, []);
});

Deno.test("ops name no driver and write no shader text", () => {
  const wrong = [...sources("src/ops/"), ...sources("src/gpu/"), ...sources("src/kernels/")].filter((path) => {
    const text = Deno.readTextFileSync(new URL(path, root));
    return /llvmpipe|lavapipe|softpipe|swiftshader|mesa/i.test(text) ||
      (path.startsWith("src/ops/") && /generatedShader|@compute|@binding/.test(text));
  });
  assertEquals(wrong, []);
});

Deno.test("ops and layers ask no device what kind it is: variants and the profile's numbers decide", () => {
  const asks = [
    /\.software\b|=== "(?:software|gpu)"|[pP]rofile\.kind\b/,
    /\{[^{}]*\bkind\b[^{}]*\}: (?:Pick<)?DeviceProfile|cost: \(\{[^{}]*\bkind\b/,
  ];
  const all = [...sources("src/ops/"), ...sources("src/layers/"), ...sources("src/graph/"), ...sources("models/")];
  const wrong = all.filter((path) => {
    const text = Deno.readTextFileSync(new URL(path, root));
    return asks.some((pattern) => pattern.test(text));
  });
  assertEquals(wrong, []);
});

/** Returns what a page loads of a file: the same as Deno does, but for what stands between the library and the host. */
function loadedByPage(path: string, found = new Set<string>()): Set<string> {
  found.add(path);
  for (const target of importsOf(path).filter((target) => target.endsWith(".ts"))) {
    const other = target === "src/host/mod.ts" ? "src/host/page.ts" : target;
    if (!found.has(other)) loadedByPage(other, found);
  }
  return found;
}

Deno.test("what a page loads uses nothing of Deno and loads nothing of Node", () => {
  const files = new Set(
    ["mod.ts", "src/gpu/mod.ts", "src/layers/mod.ts", "src/client/mod.ts"].flatMap((path) => [...loadedByPage(path)]),
  );
  assertEquals(["src/model.ts", "src/data/source.ts", "src/trainer.ts"].filter((path) => !files.has(path)), []);
  // Examples in comments run on Deno.
  const codeOf = (path: string) => Deno.readTextFileSync(new URL(path, root)).replace(/^ *\*.*$/gm, "");
  const wrong = [...files].filter((path) => /\bDeno\.|from "node:/.test(codeOf(path)));
  assertEquals(wrong, []);
  const folders = [
    "src/gpu/",
    "src/graph/",
    "src/kernels/",
    "src/ops/",
    "src/software/",
    "src/layers/",
    "models/",
    "src/client/",
  ];
  const engine = folders.flatMap((folder) => [...sources(folder)]);
  assertEquals(engine.filter((path) => /\bDeno\.|"(node|npm):/.test(codeOf(path))), []);
});

Deno.test("no file imports itself by way of others", () => {
  const done = new Set<string>();
  const circles = ["mod.ts", ...sources("src/"), ...sources("bench/")].map((path) => circleFrom(path, [], done));
  assertEquals(circles.filter((circle) => circle !== undefined), []);
});
