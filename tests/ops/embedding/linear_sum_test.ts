import { assertThrows } from "@std/assert";
import { linearSum } from "../../../src/ops/embedding/linear_sum.ts";
import { linearSumReference } from "../../reference/embedding.ts";
import { assertClose } from "../../support.ts";
import { type LookupCase, LookupTrace } from "../lookups.ts";

async function checkLinearSum(shape: Partial<LookupCase>, software?: boolean): Promise<void> {
  const trace = new LookupTrace({ fields: 7, batch: 37, rows: 23, dim: 4, ...shape });
  const [y] = await trace.run([linearSum(trace.ids, trace.values, trace.linear)], { software });
  assertClose(y, linearSumReference(trace.numbers, trace.linearNumbers), "y");
}

for (const software of [true, false]) {
  const adapter = software ? "a software adapter" : "a GPU";
  Deno.test(`linearSum matches its reference on ${adapter}`, () => checkLinearSum({}, software));
  Deno.test(`linearSum adds 39 fields without values on ${adapter}`, () =>
    checkLinearSum({ fields: 39, hasValues: false }, software));
  Deno.test(`linearSum takes one sample of one field on ${adapter}`, () =>
    checkLinearSum({ fields: 1, batch: 1 }, software));
  Deno.test(`linearSum adds up over the shards of a table on ${adapter}`, () =>
    checkLinearSum({ shardRows: 5, rowOf: (o) => o % 25 }, software));
}

Deno.test("linearSum refuses a table of another width", () => {
  const trace = new LookupTrace({ fields: 7, batch: 37, rows: 23, dim: 4 });
  assertThrows(
    () => linearSum(trace.ids, trace.values, trace.table),
    TypeError,
    'Cannot build linearSum: table "embedding" must have width 1, received 4',
  );
});
