/** The engine in a page: the shader compiler of browsers is stricter than Deno's. Skipped where Chromium is missing. */
import { assert, assertEquals } from "@std/assert";
import { trainModels, type tune, walk } from "./browser/models.ts";
import { findChromium, removeProfile } from "./chromium.ts";
import { assertClose, gpu } from "./support.ts";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--enable-unsafe-webgpu",
  "--enable-unsafe-swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-webgpu-adapter=swiftshader",
];

/** Milliseconds for a browser to start, and to train all models. */
const PATIENCE = { probe: 20_000, walk: 120_000, models: 900_000 };

type Results = Awaited<ReturnType<typeof trainModels>>;

/** Opens a page of the bundled program in a browser of its own; resolves to what the page sends back. */
async function visit(browser: string, script: string, path: string, patience: number): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.method === "POST") resolve(await request.json());
    const isScript = request.url.endsWith(".js");
    const body = isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>';
    return new Response(body, { headers: { "content-type": isScript ? "text/javascript" : "text/html" } });
  });
  const profile = await Deno.makeTempDir();
  const timer = setTimeout(() => reject(new Error(`the page ${path} did not answer in ${patience} ms`)), patience);
  const process = new Deno.Command(browser, {
    args: [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.addr.port}${path}`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    process.kill();
    await process.status;
    await removeProfile(profile);
  }
}

/** Bundles the page's program; nothing where the bundler cannot be had. */
async function bundle(): Promise<string | undefined> {
  const folder = new URL("browser/", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Its import map puts what the library needs of a page in the place of what it needs of Deno.
    args: [
      "bundle",
      "--config",
      `${folder}deno.json`,
      "--quiet",
      "--no-check",
      "--platform",
      "browser",
      `${folder}page.ts`,
    ],
  }).output();
  if (!success) console.error(new TextDecoder().decode(stderr));
  return success ? new TextDecoder().decode(stdout) : undefined;
}

/** Finds a browser whose pages have WebGPU, and the script for them; otherwise says what is missing. */
async function prepare(): Promise<{ browser: string; script: string } | string> {
  const browser = findChromium();
  if (!browser) return "no Chromium is installed";
  const script = await bundle();
  if (!script) return "deno bundle is not available";
  const probe = await visit(browser, script, "/probe", PATIENCE.probe).catch((error: Error) => error.message);
  return probe === "adapter" ? { browser, script } : `Chromium has no WebGPU: ${probe}`;
}

const prepared = await prepare();

if (typeof prepared === "string") {
  Deno.test.ignore(`a page with default limits trains all models to Deno's numbers (skipped: ${prepared})`, () => {});
  Deno.test.ignore(`a page tunes kernels once for a device (skipped: ${prepared})`, () => {});
  Deno.test.ignore(`a page reads, trains, evaluates and predicts by the public API (skipped: ${prepared})`, () => {});
} else {
  const { browser, script } = prepared;
  Deno.test("a page reads, trains, evaluates and predicts by the public API", async () => {
    const page = await visit(browser, script, "/walk", PATIENCE.walk) as Awaited<ReturnType<typeof walk>>;
    assert(typeof page !== "string", String(page));
    assertEquals(page.saving, 'Cannot save "/nowhere/clicks.weft": a page has no files');
    assert(page.auc > 0.99, String(page.auc));
    assertClose(page.probabilities, (await walk()).probabilities, "probabilities", { rtol: 1e-3 });
  });
  Deno.test("a page tunes kernels once for a device", async () => {
    const passes = await visit(browser, script, "/tune", PATIENCE.walk) as Awaited<ReturnType<typeof tune>>;
    assert(Array.isArray(passes), String(passes));
    // Where each kernel has one variant, there is nothing to tune.
    assert(passes[0] === 0 || passes[0] >= 5, passes.join());
    assertEquals(passes[1], passes[0]);
  });
  Deno.test("a page with default limits trains all models to Deno's numbers", async () => {
    const [page, here] = await Promise.all([
      visit(browser, script, "/models", PATIENCE.models) as Promise<Results>,
      gpu().then(trainModels),
    ]);
    for (const [slug, expected] of Object.entries(here)) {
      if (typeof expected === "string" || typeof page[slug] === "string") {
        throw new Error(`${slug}: received "${page[slug]}" from the page, "${expected}" from Deno`);
      }
      assertClose(page[slug], expected, slug, { rtol: 1e-4 });
    }
  });
}
