/** The status page and what it reads; in a browser where Chromium is installed. */
import { adam } from "../../src/optimizer.ts";
import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import type { ServeOptions } from "../../src/serve/options.ts";
import { serve, type Server } from "../../src/serve/server.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findChromium, Page } from "../chromium.ts";
import { gpu } from "../support.ts";

// Clicks follow from the item, so that other items bring other scores.
const usual = (i: number) => ({ item: `i${(i * 7) % 10}`, price: i % 13 });
const rows = Array.from({ length: 400 }, (_, i) => usual(i));
const data = readRows(rows.map((row) => ({ ...row, click: Number(row.item < "i5") })), {
  label: "click",
  features: [categorical("item"), numeric("price")],
});

/** Serves a trained model. */
async function withServer(options: ServeOptions, test: (server: Server) => Promise<void>): Promise<void> {
  await using model = await Model.create(models.lr(), data.schema, { device: await gpu() });
  const validation = data.slice(0, 200);
  await model.fit(data, { validation, epochs: 10, batchSize: 50, optimizer: adam({ lr: 0.1 }) });
  const drift = { minRows: 100 };
  await using server = await serve(model, { port: 0, batchSizes: [64, 512], name: "clicks", drift, ...options });
  await test(server);
}

async function send({ url }: Server, given: readonly unknown[], headers: HeadersInit = {}): Promise<void> {
  const body = JSON.stringify({ rows: given });
  const response = await fetch(`${url}/v1/predict`, { method: "POST", body, headers });
  await response.body?.cancel();
  assertEquals(response.status, 200);
}

const moved = rows.map((row) => ({ ...row, item: "i1" }));

Deno.test("drift turns ready?strict and the status red, and plain readiness stays", async () => {
  await withServer({}, async (server) => {
    const ready = async (query: string) => {
      const response = await fetch(`${server.url}/v2/health/ready${query}`);
      return [response.status, await response.json()];
    };
    const status = async () => await (await fetch(`${server.url}/v1/status`)).json();
    assertEquals((await status()).level, "unknown");
    await send(server, rows);
    assertEquals(await ready("?strict"), [200, { ready: true }]);
    assertEquals((await status()).models[0].drift.level, "green");
    for (let i = 0; i < 3; i++) await send(server, moved);
    assertEquals(await ready(""), [200, { ready: true }]);
    const reasons = ["clicks version 1 drifts from training: scores, 1 of 2 fields"];
    assertEquals(await ready("?strict"), [503, { ready: false, reasons }]);
    const { level, models: [model], log } = await status();
    assertEquals([level, model.drift.rows, model.drift.scores[0].level, log], ["red", 1600, "red", null]);
    assertEquals(model.drift.fields.map(({ name, level }: Record<string, string>) => `${name} ${level}`), [
      "item red",
      "price green",
    ]);
    assertEquals([model.trained.rows, model.trained.sampleOf, model.trained.labelRates], [400, "validation", [0.5]]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assertStringIncludes(metrics, '\nweft_drift_level{model="clicks",version="1"} 2\n');
    assertStringIncludes(metrics, '\nweft_field_share{model="clicks",version="1",field="item",kind="unseen"} 0\n');
    assertStringIncludes(metrics, '\nweft_score_psi{model="clicks",version="1",task="click"} ');
  });
});

Deno.test("the status page comes from the server alone, and asks for the token that its figures need", async () => {
  await withServer({ token: "sesame" }, async ({ url }) => {
    const get = async (path: string, init?: RequestInit) => {
      const response = await fetch(url + path, init);
      return { ...response, text: await response.text(), status: response.status, headers: response.headers };
    };
    const page = await get("/");
    assertEquals([page.status, (await get("/status")).text], [200, page.text]);
    const policy = page.headers.get("content-security-policy")!;
    assertStringIncludes(policy, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
    const scripts = ["page", "panels", "chart", "format", "uplot"].map((name) => `/status/${name}.js`);
    for (const path of [...scripts, "/status/page.css", "/status/uplot.css"]) {
      const file = await get(path);
      assertEquals(file.status, 200, path);
      assertEquals(
        [...file.text.matchAll(/https?:\/\/[^\s)"']+/g)].map(([address]) => address).filter((address) =>
          !address.startsWith("https://github.com/leeoniya/uPlot")
        ),
        [],
      );
    }
    assertEquals((await get("/v1/status")).status, 401);
    const status = await get("/v1/status", { headers: { authorization: "Bearer sesame" } });
    assertEquals([status.status, JSON.parse(status.text).models[0].name], [200, "clicks"]);
    assertEquals((await get("/v1/status?since=x", { headers: { authorization: "Bearer sesame" } })).status, 400);
  });
});

const browser = findChromium();

/** Pixels of each chart that are not clear, and those of the scores' chart that have the page's red. */
const PIXELS = `(() => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue("--red").trim().slice(1);
  const red = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const charts = [...document.querySelectorAll(".chart canvas")].map((canvas) =>
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);
  const count = (data, matches) => {
    let pixels = 0;
    for (let i = 0; i < data.length; i += 4) if (matches(data.subarray(i, i + 4))) pixels++;
    return pixels;
  };
  return {
    drawn: charts.map((data) => count(data, ([, , , alpha]) => alpha > 0)),
    red: count(charts.at(-1), (pixel) => red.every((value, c) => pixel[c] === value)),
  };
})()`;

/** Sum of the shifts of the layout that nobody asked for. */
const SHIFT = `new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({ value, hadRecentInput }) => {
    if (!hadRecentInput) sum += value;
  })).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 100);
})`;

const LEVEL = `document.querySelector('[data-task="click"]')?.dataset.level`;

const name = (what: string) => browser ? what : `${what} (skipped: no Chromium is installed)`;

Deno.test(
  name("a browser draws the charts, and the scores turn red when they drift"),
  { ignore: !browser },
  async () => {
    await withServer({}, async (server) => {
      await send(server, rows);
      await using page = await Page.open(browser!);
      for (const [width, scheme] of [[390, "dark"], [1280, "light"]] as const) {
        await page.visit(server.url, width, scheme);
        await page.waitFor(`${LEVEL} === "green"`);
        const { drawn, red } = await page.evaluate<{ drawn: number[]; red: number }>(PIXELS);
        assertEquals([drawn.length, red], [5, 0]);
        assert(drawn.every((pixels) => pixels > 200), drawn.join());
        assert(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `wider than ${width}`);
        const shift = await page.evaluate<number>(SHIFT);
        assert(shift < 0.1, `layout shift ${shift} at a width of ${width}`);
      }
      for (let i = 0; i < 3; i++) await send(server, moved);
      await page.waitFor(`${LEVEL} === "red"`);
      const { red } = await page.evaluate<{ red: number }>(PIXELS);
      assert(red > 100, `${red} red pixels`);
      assertEquals(await page.evaluate(`document.querySelector("#state span").textContent`), "Drifts");
      const unnamed = `[...document.querySelectorAll("[role=img], button, input")].filter((element) =>
      !(element.ariaLabel || element.textContent.trim() || element.labels?.length)).length`;
      assertEquals(await page.evaluate(unnamed), 0);
      assertEquals(page.errors, []);
    });
  },
);

Deno.test(name("a browser asks a person for the token"), { ignore: !browser }, async () => {
  await withServer({ token: "sesame" }, async (server) => {
    await send(server, rows, { authorization: "Bearer sesame" });
    await using page = await Page.open(browser!);
    await page.visit(server.url, 800);
    await page.waitFor(`document.querySelector("#login")?.checkVisibility()`);
    const enter = (token: string) =>
      page.evaluate(
        `document.querySelector("#token").value = "${token}"; document.querySelector("#login button").click()`,
      );
    await enter("wrong");
    await page.waitFor(`document.querySelector("#refused").checkVisibility()`);
    await enter("sesame");
    await page.waitFor(`${LEVEL} === "green"`);
    assertEquals(await page.evaluate(`document.querySelector("#login").checkVisibility()`), false);
  });
});
