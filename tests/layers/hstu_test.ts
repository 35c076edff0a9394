import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { categorical, sequence } from "../../src/data/schema.ts";
import { defineModel } from "../../src/definition.ts";
import { concat, dense, embeddings, flatten, hstuBlock, reshape } from "../../src/layers/mod.ts";
import { Model } from "../../src/model.ts";
import { assertClose, gpu } from "../support.ts";

interface GoldenTensor {
  name: string;
  shape: number[];
  data: number[];
}

interface Golden {
  config: { heads: number; dq: number; dv: number; max_seq_len: number };
  seq_offsets: number[];
  num_targets: number[];
  inputs: GoldenTensor[];
  params: GoldenTensor[];
  variants: { name: string; concat_u_and_x: boolean; out: number[][] }[];
}

const golden: Golden = JSON.parse(await Deno.readTextFile(new URL("../golden/hstu_layer.json", import.meta.url)));
const { heads, dq: queryWidth, dv: valueWidth, max_seq_len: divisor } = golden.config;
const [x, params] = [golden.inputs.find(({ name }) => name === "x")!, golden.params];
const width = x.shape[1];

/** A data set of one row: a history of rows of a table, and targets that are fields with such rows of their own. */
function oneRow(history: readonly number[], targets: readonly number[]): Dataset {
  const vocabulary = Array.from({ length: x.shape[0] }, (_, i) => String(i));
  const schema = new FittedSchema({
    declared: { label: "label" },
    missing: [""],
    fields: targets.map((_, f) => ({ feature: categorical(`f${f}`), missing: false, vocabulary })),
    sequences: [{ feature: sequence("history", { of: "f0", maxLength: Math.max(1, history.length) }) }],
  });
  const rowOf = (field: number, row: number) => schema.fields[field].offset + 1 + row;
  const ids = Uint32Array.from(targets, (row, f) => rowOf(f, row));
  const lists = { offsets: Uint32Array.of(0, history.length), ids: Uint32Array.from(history, (row) => rowOf(0, row)) };
  return new Dataset({
    ...{ schema, rows: 1, ids, values: undefined, histories: [lists] },
    labels: new Float32Array(1),
    labeled: true,
  });
}

/** Takes some columns of the product that the case has in one, [in, out]: u, v, q, k. */
function columnsOf({ data, shape }: GoldenTensor, ranges: [number, number][]): Float32Array {
  const [rows, all] = shape.length === 2 ? shape : [1, shape[0]];
  const picked: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (const [from, to] of ranges) picked.push(...data.slice(row * all + from, row * all + to));
  }
  return Float32Array.from(picked);
}

for (const { name, concat_u_and_x: sees, out } of golden.variants) {
  Deno.test(`a layer of HSTU, ${name}, equals its own code`, async () => {
    const named = (key: string) => params.find((tensor) => tensor.name === key)!;
    const [u, v, q] = [heads * valueWidth, 2 * heads * valueWidth, 2 * heads * valueWidth + heads * queryWidth];
    const all = named("uvqk.weight").shape[1];
    const packed: [number, number][] = [[v, q], [q, all], [u, v]];
    for (let b = 0; b + 1 < golden.seq_offsets.length; b++) {
      const [first, end] = [golden.seq_offsets[b], golden.seq_offsets[b + 1]];
      const targets = golden.num_targets[b];
      const probe = defineModel("probe", (input) => {
        const { fields, histories: [{ items, lengths, places }] } = embeddings(input, width);
        const all = reshape(concat(flatten(items), flatten(fields)), ["B", places + targets, width]);
        const options = { heads, queryWidth, valueWidth, divisor, concat: sees, causal: true, targets };
        const y = hstuBlock({ x: all, lengths }, options);
        y.graph.expose("y", y);
        return dense(flatten(y), 1, { name: "top" });
      });
      const rows = Array.from({ length: end - first }, (_, t) => first + t);
      const data = oneRow(rows.slice(0, -targets), rows.slice(-targets));
      await using model = await Model.create(probe(), data.schema, { device: await gpu() });
      const parameters = await model.parameters();
      const set = (key: string, numbers: Float32Array) => parameters[key].data = numbers;
      const table = parameters.embedding.data as Float32Array;
      for (const { offset } of data.schema.fields) table.set(x.data, width * (offset + 1));
      for (const norm of ["in_norm", "out_norm"]) {
        for (const part of ["weight", "bias"]) {
          set(`hstu.${norm}.${part}`, Float32Array.from(named(`${norm}.${part}`).data));
        }
      }
      for (const part of ["weight", "bias"]) {
        set(`hstu.u.${part}`, columnsOf(named(`uvqk.${part}`), [[0, u]]));
        set(`hstu.qkv.${part}`, columnsOf(named(`uvqk.${part}`), packed));
      }
      const product = named("out.weight").data;
      set("hstu.out.weight", Float32Array.from(sees ? product : product.slice(2 * u * width)));
      model.setParameters(parameters);
      const { y } = await model.inspect(data);
      const places = [...y.data as Float32Array];
      const received = [...places.slice(0, (rows.length - targets) * width), ...places.slice(-targets * width)];
      assertClose(received, out.slice(first, end).flat(), `sequence ${b}`, { rtol: 1e-5 });
    }
  });
}
