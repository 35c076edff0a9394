import { assertEquals, assertThrows } from "@std/assert";
import { differentiate } from "../../../src/graph/autodiff.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { tableOf } from "../../../src/graph/node.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { zeros } from "../../../src/initializer.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { embedding } from "../../../src/ops/embedding/embedding.ts";
import { embeddingFm } from "../../../src/ops/embedding/embedding_fm.ts";
import { fm } from "../../../src/ops/interaction/fm.ts";
import { linearSum } from "../../../src/ops/embedding/linear_sum.ts";
import { flatten } from "../../../src/ops/shape/reshape.ts";
import { embeddingReference, linearSumReference, tableGradientReference } from "../../reference/embedding.ts";
import { fieldSumReference, fmReference } from "../../reference/fm.ts";
import { assertClose, centralDifferences } from "../../support.ts";
import { type LookupCase, LookupTrace } from "../lookups.ts";

async function checkEmbeddingFm(shape: LookupCase, software?: boolean, first = true): Promise<void> {
  const trace = new LookupTrace(shape);
  const { numbers, tableNumbers, linearNumbers } = trace;
  const { fields, dim } = shape;
  const fused = embeddingFm(trace.ids, trace.values, trace.table, first ? trace.linear : undefined);
  const [e, sum, y] = await trace.run([fused.embedding, fused.sum, fused.logits], { software });
  const expected = embeddingReference(numbers, tableNumbers, dim);
  const linear = first ? linearSumReference(numbers, linearNumbers) : new Float64Array(shape.batch);
  assertClose(e, expected, "e");
  assertClose(sum, fieldSumReference(expected, fields, dim), "sum");
  assertClose(y, fmReference(expected, fields, dim).map((value, b) => value + linear[b]), "logits");
  const [alone] = await trace.run([fused.logits], { software });
  assertEquals(alone, y);
}

for (const dim of [1, 4, 10, 16, 17, 64]) {
  for (const software of [true, false]) {
    const adapter = software ? "a software adapter" : "a GPU";
    Deno.test(`embeddingFm matches its reference when D is ${dim} on ${adapter}`, () =>
      checkEmbeddingFm({ fields: 7, batch: 37, rows: 23, dim }, software));
  }
}

for (const software of [true, false]) {
  const adapter = software ? "a software adapter" : "a GPU";
  Deno.test(`embeddingFm works without values and first-order weights on ${adapter}`, () =>
    checkEmbeddingFm({ fields: 39, batch: 37, rows: 23, dim: 16, hasValues: false }, software, false));
  Deno.test(`embeddingFm takes one sample of one field on ${adapter}`, () =>
    checkEmbeddingFm({ fields: 1, batch: 1, rows: 23, dim: 16 }, software));
  Deno.test(`embeddingFm reads shards and rows past the table on ${adapter}`, () =>
    checkEmbeddingFm({ fields: 7, batch: 37, rows: 23, dim: 16, shardRows: 5, rowOf: (o) => o % 25 }, software));
}

Deno.test("embeddingFm equals embedding, fm and linearSum but for the last bits", async () => {
  const trace = new LookupTrace({ fields: 7, batch: 37, rows: 23, dim: 16 });
  const { ids, values, table, linear } = trace;
  const fused = embeddingFm(ids, values, table, linear);
  const e = embedding(ids, values, table);
  const [y, apart] = await trace.run([fused.logits, add(fm(e), linearSum(ids, values, linear))], { software: true });
  assertClose(y, apart, "logits", { rtol: 5e-7, atol: 0 });
});

Deno.test("embeddingFm refuses tables of different numbers of rows", () => {
  const graph = new Graph("train");
  const ids = graph.input("ids", [3, "B"], "u32");
  assertThrows(
    () => embeddingFm(ids, undefined, graph.table("a", 5, 4, zeros()), graph.table("b", 6, 1, zeros())),
    TypeError,
    "Cannot build embeddingFm: both tables must have 5 rows, received 6",
  );
});

/** Logits of a model that reads rows through the FM, the first-order term and directly. */
type Build = (trace: LookupTrace) => { logits: Tensor; direct: Tensor };

async function checkTableGradients(hasValues: boolean, build: Build): Promise<void> {
  const [fields, batch, rows, dim] = [5, 9, 11, 3];
  const trace = new LookupTrace({ fields, batch, rows, dim, hasValues });
  const { logits, direct } = build(trace);
  const first = trace.upstream("dLogits", logits, 21);
  const second = trace.upstream("dDirect", flatten(direct), 22);
  const results = [
    differentiate(logits, first.tensor, add),
    differentiate(flatten(direct), second.tensor, add),
  ];
  const reference = (numbers: Record<string, Float64Array>): Float64Array => {
    const e = embeddingReference(trace.numbers, numbers.table, dim);
    const linear = linearSumReference(trace.numbers, numbers.linear);
    return Float64Array.from([...fmReference(e, fields, dim).map((value, b) => value + linear[b]), ...e]);
  };
  const upstream = Float64Array.from([...first.numbers, ...second.numbers]);
  const values = { table: trace.tableNumbers.slice(), linear: trace.linearNumbers.slice() };
  for (const [tensor, name] of [[trace.table, "table"], [trace.linear, "linear"]] as const) {
    const width = tableOf(tensor).dim;
    const total = new Float64Array(values[name].length);
    for (const gradient of results.flatMap((result) => result.tables.get(tableOf(tensor)) ?? [])) {
      assertEquals([gradient.ids, gradient.values], [trace.ids, trace.values]);
      const { dEmbedding, dLinear, dFm, fmSum } = gradient;
      const parts = Object.entries({ dEmbedding, dLinear, dFm, fmSum }).filter(([, part]) => part !== undefined);
      const downloaded = await trace.run(parts.map(([, part]) => part!));
      const numbers = Object.fromEntries(parts.map(([key], i) => [key, downloaded[i]]));
      tableGradientReference({ ...trace.numbers, ...numbers }, values[name], width)
        .forEach((value, i) => total[i] += value);
    }
    assertClose(total, centralDifferences(reference, values, name, upstream), `d${name}`);
  }
}

for (const hasValues of [true, false]) {
  const kind = hasValues ? "with values" : "without values";
  Deno.test(`gradients of both tables through embeddingFm match finite differences ${kind}`, () =>
    checkTableGradients(hasValues, ({ ids, values, table, linear }) => {
      const { logits, embedding } = embeddingFm(ids, values, table, linear);
      return { logits, direct: embedding };
    }));
  Deno.test(`gradients of both tables through embedding, fm and linearSum match finite differences ${kind}`, () =>
    checkTableGradients(hasValues, ({ ids, values, table, linear }) => {
      const e = embedding(ids, values, table);
      return { logits: add(fm(e), linearSum(ids, values, linear)), direct: e };
    }));
}
