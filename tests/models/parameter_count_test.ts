/** Parameters that published runs on Frappe report: 10 fields, 5,389 rows, width 10. */
import {
  afm,
  afn,
  autoint,
  dcn,
  dcnv2,
  dlrm,
  edcn,
  ffm,
  fibinet,
  finalmlp,
  finalnet,
  fmfm,
  fwfm,
  hofm,
  masknet,
  nfm,
  pnn,
  xdeepfm,
} from "../../models/mod.ts";
import { categorical, FittedSchema } from "../../src/data/schema.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { assertEquals } from "../../src/std.ts";
import { gpu } from "../support.ts";

const ROWS = {
  user: 955,
  item: 4083,
  daytime: 8,
  weekday: 8,
  isweekend: 3,
  homework: 4,
  cost: 3,
  weather: 10,
  country: 81,
  city: 234,
};

function schemaOf(padding: number): FittedSchema {
  return new FittedSchema({
    declared: { label: "label" },
    missing: [""],
    fields: Object.entries(ROWS).map(([name, rows]) => ({
      feature: categorical(name),
      missing: false,
      vocabulary: Array.from({ length: rows + padding - 1 }, (_, i) => String(i + 1)),
    })),
  });
}

const dim = 10;
const hidden = [400, 400, 400];

const COUNTS: readonly [label: string, definition: Definition, count: number][] = [
  ["dcn with 3 cross layers", dcn({ dim, hidden, batchNorm: true, layers: 3 }), 418_591],
  ["dcn without hidden layers and with 6 cross layers", dcn({ dim, hidden: [], layers: 6 }), 55_191],
  ["dcnv2 with 4 cross layers", dcnv2({ dim, hidden, batchNorm: true, layers: 4 }), 458_391],
  ["dcnv2 without hidden layers and with 4 cross layers", dcnv2({ dim, hidden: [], layers: 4 }), 94_391],
  ["masknet with 3 parallel blocks", masknet({ dim, hidden, width: 50, embeddingNorm: false }), 571_691],
  ["dlrm without products", dlrm({ dim, hidden, batchNorm: true, interaction: "cat" }), 417_891],
  ["edcn with 3 layers and gates", edcn({ dim, temperature: 5, batchNorm: true }), 86_351],
  ["nfm", nfm({ dim, hidden }), 384_880],
  ["pnn with inner products", pnn({ dim, hidden }), 433_491],
  ["fwfm with linear vectors per value", fwfm({ dim, linearType: "FeLV" }), 107_826],
  ["ffm", ffm({ dim }), 490_400],
  ["fmfm with vectors", fmfm({ dim, interaction: "vectorized" }), 59_730],
  ["a CIN of 3 layers", xdeepfm({ dim, hidden: [], cin: [64, 64, 64] }), 147_984],
  ["xdeepfm with one layer", xdeepfm({ dim, hidden, batchNorm: true, cin: [64] }), 429_809],
  [
    "fibinet with shared matrices",
    fibinet({ dim, hidden, batchNorm: true, reductionRatio: 2, shareBilinear: true }),
    743_480,
  ],
  ["autoint with 6 layers", autoint({ dim, layers: 6, heads: 4, width: 128 }), 306_051],
  ["afn", afn({ dim }), 4_066_711],
  ["afn with a deep network", afn({ dim, deep: hidden }), 4_482_205],
  [
    "autoint with hidden layers and layer norm",
    autoint({ dim, hidden, batchNorm: true, layers: 5, heads: 4, width: 128, layerNorm: true, scale: true }),
    622_180,
  ],
  ["afm", afm({ dim, attentionDim: 128 }), 60_826],
  ["hofm with tables of its own", hofm({ dim }), 113_170],
];

/** Runs of versions whose tables have a padding row for each field besides. */
const PADDED: typeof COUNTS = [
  [
    "finalmlp with 5 heads and contexts user and item",
    finalmlp({
      dim,
      hidden1: [400],
      hidden2: [100],
      heads: 5,
      context1: ["user"],
      context2: ["item"],
      batchNorm: true,
    }),
    253_392,
  ],
  ["finalnet with 2 blocks and a field gate", finalnet({ dim }), 338_502],
  ["finalnet with 1 block", finalnet({ dim, hidden2: [], gate: false }), 256_791],
];

for (const [padding, counts] of [COUNTS, PADDED].entries()) {
  for (const [label, definition, count] of counts) {
    Deno.test(`${label} has ${count} parameters on Frappe`, async () => {
      await using model = await Model.create(definition, schemaOf(padding), { device: await gpu() });
      assertEquals(model.parameterCount, count);
    });
  }
}
