/** The page of a report; in a browser where Chromium is installed. */
import { describe } from "../../src/data/describe.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { auc } from "../../src/metrics.ts";
import { models } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { collectReport, renderReport, type Report, writeReport } from "../../src/report/mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { findChromium, Page } from "../chromium.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { EVIL, FIELD, parts, withReport } from "./reported.ts";

const SECTIONS = [
  "Summary",
  "Data",
  "Learning curves",
  "Predictions",
  "Slices",
  "Importance of fields",
  "Attention, gates and strengths",
  "Embedding norms by frequency",
  "Diagnosis",
  "Memory and time",
];

const headings = (page: string): string[] =>
  [...page.matchAll(/<section id="\w+"><h2>([^<]*)<\/h2>/g)].map(([, title]) => title);

/** Returns the part of a page that begins with a card's heading. */
const cardOf = (page: string, title: string): string => {
  const start = page.indexOf(`<h3>${title}</h3>`);
  assert(start >= 0, `no card ${title}`);
  return page.slice(start, page.indexOf("</figure>", start));
};

Deno.test("a report has all sections, says the same each time, and its JSON draws the same page", () =>
  withReport(async (report, model, data) => {
    const page = await renderReport(report);
    assertEquals(headings(page), SECTIONS);
    assertEquals(await renderReport(JSON.parse(JSON.stringify(report))), page);
    const again = await collectReport(model, {
      ...{ title: report.title, data, dataName: "test.csv", run: report.run },
      ...{ by: [FIELD, "price"], importance: { repeats: 2 }, resamples: 50 },
    });
    assertEquals(JSON.stringify(again), JSON.stringify(report));
    assert(page.length < 400_000, `${page.length} characters`);
    await inFolder(async (folder) => {
      await writeReport(`${folder}/report.html`, report);
      assertEquals(await Deno.readTextFile(`${folder}/report.html`), page);
      await assertRejects(() => writeReport(`${folder}/none/report.html`, report), Error);
    });
  }));

Deno.test("the numbers of a report are those of the model's metrics", () =>
  withReport(async (report, model, data) => {
    const { tasks: [task], run, plan, diagnosis, importance } = report;
    const evaluation = await model.evaluate(data);
    const metric = (name: string) => task.metrics.find((metric) => metric.name === name)!;
    for (const name of ["auc", "logloss", "brier", "normalizedEntropy", "calibration"] as const) {
      assertAlmostEquals(metric(name).value!, evaluation[name], 1e-12);
      const [low, high] = metric(name).interval!;
      assert(low < evaluation[name] && evaluation[name] < high, name);
    }
    assertEquals([task.rows, task.positives], [data.rows, data.positives]);
    const plain = await model.predict(data, { calibrated: false });
    const mean = (bins: typeof task.reliability) =>
      bins.reduce((sum, { rows, predicted }) => sum + rows * predicted, 0) / data.rows;
    const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    assertAlmostEquals(mean(task.uncalibrated!), meanOf(plain), 1e-6);
    assertAlmostEquals(mean(task.reliability), meanOf(await model.predict(data)), 1e-6);
    assertEquals(report.slices.map(({ field, slices }) => [field, slices.reduce((sum, { rows }) => sum + rows, 0)]), [
      [FIELD, data.rows],
      ["price", data.rows],
    ]);
    assert(/^below /.test(report.slices[1].slices[0].value) && /^from /.test(report.slices[1].slices.at(-1)!.value));
    const [slice] = report.slices[0].slices;
    const ofSlice = data.select(Uint32Array.from(
      Array.from({ length: data.rows }, (_, row) => row).filter((row) => {
        const field = data.schema.fields[1];
        return field.vocabulary![data.ids[data.rows + row] - field.offset - 1] === slice.value;
      }),
    ));
    assertAlmostEquals(slice.metrics[0].value!, auc(await model.predict(ofSlice), ofSlice.labels), 1e-12);
    assertEquals(importance!.fields.map(({ field }) => field).sort(), [FIELD, "price", "user"].sort());
    assert(run!.events.length > 5 && plan!.dispatches > 10 && plan!.arenaBytes > 0);
    assertEquals(diagnosis.layers.map(({ units }) => units).includes(16), true);
    assertEquals(report.inspection!.pairs[0].labels, ["user", FIELD, "price"]);
  }));

Deno.test("charts draw the numbers that they are given", () =>
  withReport(async (report) => {
    const page = await renderReport({
      ...report,
      tasks: [{
        ...report.tasks[0],
        curves: {
          roc: [[0, 0], [0.5, 1], [1, 1]],
          precisionRecall: [[1, 0.5]],
          gains: [[0, 0], [1, 1]],
          deciles: Array.from(
            { length: 10 },
            (_, i) => ({ decile: i + 1, captured: 0.1, gain: (i + 1) / 10, lift: i === 0 ? 2 : 1 }),
          ),
        },
      }],
    });
    // The square is 294 wide from 46 on and 242 high below 20: the point (0.5, 1) is in the middle of its upper edge.
    assertStringIncludes(cardOf(page, "ROC curve"), 'd="M46,262L193,20L340,20"');
    const lifts = cardOf(page, "Lift by tenths");
    const heights = [...lifts.matchAll(/<rect[^>]* height="([\d.]+)"[^>]*>|<rect[^>]*height="([\d.]+)"/g)].map((
      [, a, b],
    ) => Number(a ?? b));
    assertEquals(heights.length, 10);
    assertAlmostEquals(heights[0], 2 * heights[9], 0.05);
    for (
      const title of ["ROC curve", "Precision and recall", "Scores by label", "Gains", "Lift by tenths", "AUC by epoch"]
    ) {
      const card = cardOf(page, title);
      for (const axis of ["x", "y"]) assertStringIncludes(card, `aria-label="${axis}-axis label"`);
      assert(/<p class="muted look">[^<]{20,}<\/p>/.test(card), title);
      assert(/<svg[^>]* role="img"/.test(card), title);
    }
  }));

Deno.test("texts of the data are escaped wherever they stand, and the page may load and run nothing", () =>
  withReport(async (report) => {
    const page = await renderReport(report);
    assert(!page.includes("<script"), "a script");
    assertStringIncludes(page, "&lt;script&gt;alert(");
    assertStringIncludes(page, `content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;`);
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(([, address]) => address);
    assertEquals(addresses.filter((address) => !address.startsWith("#") && !address.startsWith("data:")), []);
    assert(report.tasks.length === 1 && page.includes(EVIL) === false);
  }));

Deno.test("what is not known is said to be absent", async () => {
  const [training] = parts();
  await using model = await Model.create(models.lr(), training.schema, { seed: 1, device: await gpu() });
  const report: Report = await collectReport(model);
  assertEquals([report.title, report.tasks, report.run, report.data], ["lr", [], undefined, undefined]);
  const page = await renderReport(report);
  assertEquals(headings(page), SECTIONS);
  assertStringIncludes(page, "learning curves are in a run&#39;s folder");
  assertStringIncludes(page, "No rows were given to predict");
  await assertRejects(() => collectReport(model, { data: training, by: ["age"] }), RangeError, '"age"');
  const counted = await collectReport(model, {
    data: training,
    counts: new Uint32Array(training.schema.rowCount).fill(3),
  });
  assertEquals(counted.norms.map(({ by, bins: [{ low, high }] }) => [by, low, high])[0], ["count", 3, 3]);
  assertStringIncludes(await renderReport(counted), "lr has no attention, gates or strengths to show");
});

const browser = findChromium();
const name = (what: string) => browser ? what : `${what} (skipped: no Chromium is installed)`;

/** Texts that stand out of their chart or card, and charts without a name. */
const FAULTS = `(() => {
  const faults = [];
  for (const card of document.querySelectorAll(".card:not(.wide)")) {
    const box = card.getBoundingClientRect();
    for (const text of card.querySelectorAll("text, p, h3, dd, td")) {
      const { left, right, width } = text.getBoundingClientRect();
      if (width > 0 && (left < box.left - 1 || right > box.right + 1)) faults.push(text.textContent);
    }
  }
  for (const svg of document.querySelectorAll("svg[role=img]")) if (!svg.ariaLabel) faults.push("no name");
  return faults;
})()`;

Deno.test(
  name("a browser shows the page at two widths, in light and dark, without overflow"),
  { ignore: !browser },
  () =>
    withReport(async (report) => {
      await inFolder(async (folder) => {
        await writeReport(`${folder}/report.html`, report);
        await using page = await Page.open(browser!);
        for (const [width, scheme] of [[375, "light"], [1280, "dark"]] as const) {
          await page.visit(`file://${folder}/report.html`, width, scheme);
          await page.waitFor(`document.readyState === "complete" && document.querySelector("footer")`);
          assert(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `wider than ${width}`);
          assertEquals(await page.evaluate(FAULTS), []);
          const colors =
            `["--back", "--accent"].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name))`;
          const [back] = await page.evaluate<string[]>(colors);
          assertEquals(back.trim(), scheme === "light" ? "#f4f5f8" : "#0e1014");
          const line = `getComputedStyle(document.querySelector("#predictions [aria-label=line]:last-of-type")).stroke`;
          assertEquals(await page.evaluate(line), scheme === "light" ? "rgb(53, 86, 230)" : "rgb(127, 155, 255)");
          const charts = await page.evaluate<number>(
            `[...document.querySelectorAll("svg[role=img]")].filter((svg) => svg.getBBox().width > 100).length`,
          );
          assert(charts >= 15, `${charts} charts`);
        }
        assertEquals(page.errors, []);
      });
    }),
);

Deno.test("a report tells what data holds by field, as describe does, and escapes it", async () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({
    ...{ click: i % 3 === 0 ? 1 : 0, [FIELD]: `s${i % 4}${EVIL}`, price: i % 9 === 0 ? "" : i % 50, same: 1 },
    ...{ leak: i % 3 === 0 ? "yes" : "no" },
  }));
  const features = [categorical(FIELD), numeric("price"), categorical("same"), categorical("leak")];
  const description = await describe(rows, { label: "click", features }, { rank: 2, top: 3 });
  await withReport(async (report) => {
    const page = await renderReport({ ...report, description });
    assertEquals(await renderReport(JSON.parse(JSON.stringify({ ...report, description }))), page);
    assertStringIncludes(page, "300 rows, 33.3\u00a0% of them with label click");
    const start = page.indexOf("<h3>Fields</h3>");
    const fields = page.slice(start, page.indexOf("</table>", start));
    assertEquals(fields.match(/<th scope="row">/g)!.length, 4);
    assertStringIncludes(fields, "leak");
    assertStringIncludes(fields, "constant");
    for (const title of ["Numbers", "Frequent values", "Ranking: field", "Ranking: pair"]) {
      assertStringIncludes(page, `<h3>${title}</h3>`);
    }
    assert(!page.includes(EVIL));
    assertStringIncludes(await renderReport(report), "What data holds by field needs rows");
  });
});
