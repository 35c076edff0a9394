import { formatAdapter } from "../../src/cli/devices.ts";
import { formatCalibration, formatReport, formatTasks } from "../../src/cli/report.ts";
import { formatBytes, formatCount, formatTable } from "../../src/cli/table.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { assertEquals } from "@std/assert";
import { schemaOf } from "../datasets.ts";

Deno.test("the report holds metrics and ten equally filled bins", () => {
  const probabilities = Float32Array.from({ length: 20 }, (_, row) => (row + 0.5) / 20);
  const labels = Float32Array.from({ length: 20 }, (_, row) => Number(row >= 10));
  assertEquals(formatReport(probabilities, labels).split("\n").slice(0, 10), [
    "rows                  20",
    "AUC                   1.00000",
    "logloss               0.30664",
    "normalized entropy    0.4424",
    "Brier score           0.08313",
    "predicted / observed  1.0000",
    "calibration error     0.2500",
    "",
    "probability       rows  predicted  observed",
    "0.0250 .. 0.1200     2     5.00 %    0.00 %",
  ]);
  assertEquals(formatCalibration(probabilities, labels).split("\n").length, 11);
  const lines = formatReport(probabilities, new Float32Array(20)).split("\n");
  assertEquals(lines[1], "AUC                   - (labels hold only one class, received 0 positives of 20 rows)");
  assertEquals(lines[2], "logloss               0.98278");
});

Deno.test("the report of several tasks has a row for each, their means, and why one is missing", () => {
  const schema = schemaOf([3], ["u"], ["click", "buy"]);
  const labels = Float32Array.of(0, 1, 1, 0, 0, -1, 0, 0);
  const data = new Dataset({ schema, rows: 4, ids: new Uint32Array(4), values: undefined, labels, labeled: true });
  const predicted = { click: Float32Array.of(0.25, 0.5, 0.75, 0.5), buy: Float32Array.of(0.5, 0.5, 0.5, 0.5) };
  const [head, click, buy, mean, note, , title] = formatTasks(predicted, data).split("\n");
  assertEquals(head, "task   rows      AUC  logloss  norm. entropy    Brier  pred. / obs.  calibration error");
  assertEquals(click, "click     4  0.87500  0.49041         0.7075  0.15625        1.0000             0.1250");
  assertEquals(buy, "buy       3        -  0.69315              -  0.25000             -             0.5000");
  assertEquals(mean, "mean      4        -  0.59178              -  0.20313             -             0.3125");
  assertEquals(note, '- task "buy": labels hold only one class, received 0 positives of 3 rows');
  assertEquals(title, "click");
});

Deno.test("tables are aligned, counts grouped, sizes given in binary units", () => {
  assertEquals(formatTable(["a", "bb"], [["long", "1"], ["x", "222"]]), "a      bb\nlong    1\nx     222");
  assertEquals([formatCount(1, "row"), formatCount(41188, "row"), formatCount(12)], ["1 row", "41,188 rows", "12"]);
  assertEquals([1000, 1024, 1.5 * 2 ** 30].map(formatBytes), ["1000 B", "1 KiB", "1.5 GiB"]);
});

Deno.test("an adapter is described in lines of at most 100 characters", () => {
  const text = formatAdapter({
    requestedAs: ["fallback"],
    kind: "vulkan-software",
    backend: "vulkan",
    vendor: "Mesa",
    description: "llvmpipe",
    features: Array.from({ length: 12 }, (_, k) => `some-feature-${k}`),
    limits: { maxBufferSize: 2 ** 31, maxBindGroups: 8 },
  });
  assertEquals(text.split("\n"), [
    "llvmpipe",
    "  runs on        processor, through a software Vulkan driver",
    "  vendor         Mesa",
    "  interface      vulkan",
    "  requested as   fallback",
    "  maxBufferSize  2 GiB",
    "  maxBindGroups  8",
    "  features       some-feature-0, some-feature-1, some-feature-2, some-feature-3, some-feature-4,",
    "                 some-feature-5, some-feature-6, some-feature-7, some-feature-8, some-feature-9,",
    "                 some-feature-10, some-feature-11",
  ]);
});
