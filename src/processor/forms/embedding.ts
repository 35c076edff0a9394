/**
 * Forms of what cuts a batch and looks its rows up.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import type { EmbeddingFmInputs } from "../../ops/embedding/embedding_fm.ts";
import type { NumericColumn } from "../../ops/embedding/field_values.ts";
import type { Pick } from "../../ops/embedding/select_fields.ts";
import { type Form, FormError, type Forms, type Site } from "../form.ts";

/** A row number past every table. */
const ABSENT = 0xffffffff;

const cutBatch: Form = (site, { inputs, outputs, attributes: { fields, values: hasValues } }) => {
  const ids = site.integers(outputs[0]);
  const values = hasValues ? site.floats(outputs[1]) : undefined;
  const { batch } = site;
  requireInput(inputs[0], "data.ids");
  return (rows) => {
    const { data, first } = site.rows();
    for (let f = 0; f < fields; f++) {
      const [from, to] = [f * data.rows + first, f * batch];
      for (let b = 0; b < rows; b++) ids[to + b] = data.ids[from + b];
      if (values) { for (let b = 0; b < rows; b++) values[to + b] = data.values![from + b]; }
    }
  };
};

const cutHistory: Form = (site, { inputs, outputs, attributes: { places, members } }) => {
  const [ids, lengths] = outputs.map((output) => site.integers(output));
  const values = outputs[2] && site.floats(outputs[2]);
  const name = requireInput(inputs[0], "data.").split(".").slice(1, -1).join(".");
  const { batch } = site;
  return (rows) => {
    const { data, first } = site.rows();
    const at = data.schema.histories.findIndex((history) => history.name === name);
    const { offsets, ids: source, weights } = data.histories[at];
    for (let b = 0; b < rows; b++) {
      const from = offsets[first + b];
      const length = Math.min(offsets[first + b + 1] - from, places);
      lengths[b] = length;
      for (let t = 0; t < places; t++) {
        for (let m = 0; m < members; m++) {
          ids[(t * members + m) * batch + b] = t < length ? source[(from + t) * members + m] : ABSENT;
        }
        if (values) values[t * batch + b] = t < length ? weights![from + t] : 0;
      }
    }
  };
};

/** Lists of row numbers `[F, B]`, and their values. */
interface Lists {
  readonly ids: Uint32Array;
  readonly values: Float32Array | undefined;
  readonly fields: number;
  readonly batch: number;
}

function listsOf(site: Site, ids: Tensor, values: Tensor | undefined): Lists {
  return {
    ids: site.integers(ids),
    values: values && site.floats(values),
    fields: Number(ids.shape[0]),
    batch: site.batch,
  };
}

/** e[b, f, :] = v[f, b] table[ids[f, b], :], rows past the table being zero. */
function gather(
  { ids, values, fields, batch }: Lists,
  table: Float32Array,
  dim: number,
  e: Float32Array,
  rows: number,
) {
  const count = table.length / dim;
  for (let b = 0; b < rows; b++) {
    for (let f = 0; f < fields; f++) {
      const at = f * batch + b;
      const to = (b * fields + f) * dim;
      const exists = ids[at] < count;
      const from = exists ? ids[at] * dim : 0;
      const value = !exists ? 0 : values ? values[at] : 1;
      for (let d = 0; d < dim; d++) e[to + d] = value * table[from + d];
    }
  }
}

/** Returns sum_f v[f, b] table[ids[f, b]] of a table of width 1. */
function sumOfRow({ ids, values, fields, batch }: Lists, table: Float32Array, b: number): number {
  let sum = 0;
  for (let f = 0; f < fields; f++) {
    const at = f * batch + b;
    if (ids[at] < table.length) sum += (values ? values[at] : 1) * table[ids[at]];
  }
  return sum;
}

const embedding: Form = (site, { inputs: [ids, leaf, values], outputs: [y] }) => {
  const [lists, table, e] = [listsOf(site, ids, values), site.table(leaf), site.floats(y)];
  const { dim } = table.table;
  return (rows) => gather(lists, table.rows, dim, e, rows);
};

const embeddingPair: Form = (site, { inputs: [ids, more, leaf], outputs }) => {
  const [first, second] = [ids, more].map((list) => listsOf(site, list, undefined));
  const [e, others] = outputs.map((output) => site.floats(output));
  const table = site.table(leaf);
  const { dim } = table.table;
  return (rows) => {
    gather(first, table.rows, dim, e, rows);
    gather(second, table.rows, dim, others, rows);
  };
};

const linearSum: Form = (site, { inputs: [ids, leaf, values], outputs: [output] }) => {
  const [lists, table, y] = [listsOf(site, ids, values), site.table(leaf), site.floats(output)];
  return (rows) => {
    for (let b = 0; b < rows; b++) y[b] = sumOfRow(lists, table.rows, b);
  };
};

/** Returns 1/2 sum_d ((sum_f e[f, d])^2 - sum_f e[f, d]^2) of the embeddings of a row. */
export function fmOfRow(e: Float32Array, first: number, fields: number, dim: number): number {
  let y = 0;
  for (let d = 0; d < dim; d++) {
    let [sum, squares] = [0, 0];
    for (let f = 0; f < fields; f++) {
      const x = e[first + f * dim + d];
      sum += x;
      squares += x * x;
    }
    y += sum * sum - squares;
  }
  return y / 2;
}

const embeddingFm: Form = (site, { inputs, outputs, attributes }) => {
  const { hasValues, hasLinear }: EmbeddingFmInputs = attributes;
  const [ids, leaf, ...rest] = inputs;
  const lists = listsOf(site, ids, hasValues ? rest[0] : undefined);
  const table = site.table(leaf);
  const linear = hasLinear ? site.table(rest[rest.length - 1]) : undefined;
  const [e, , y] = outputs.map((output) => site.floats(output));
  const { fields } = lists;
  const { dim } = table.table;
  return (rows) => {
    gather(lists, table.rows, dim, e, rows);
    for (let b = 0; b < rows; b++) {
      const first = linear ? sumOfRow(lists, linear.rows, b) : 0;
      y[b] = first + fmOfRow(e, b * fields * dim, fields, dim);
    }
  };
};

const fm: Form = (site, { inputs: [x], outputs: [output] }) => {
  const [e, y] = [site.floats(x), site.floats(output)];
  const [fields, dim] = x.shape.slice(1).map(Number);
  return (rows) => {
    for (let b = 0; b < rows; b++) y[b] = fmOfRow(e, b * fields * dim, fields, dim);
  };
};

const selectFields: Form = (site, { inputs, outputs, attributes }) => {
  const picks: readonly Pick[] = attributes;
  const [ids, selected] = [site.integers(inputs[0]), site.integers(outputs[0])];
  const [values, selectedValues] = [inputs[1], outputs[1]].map((tensor) => tensor && site.floats(tensor));
  const { batch } = site;
  return (rows) => {
    for (let place = 0; place < picks.length; place++) {
      const { field, shift } = picks[place];
      for (let b = 0; b < rows; b++) {
        selected[place * batch + b] = ids[field * batch + b] + shift;
        if (values) selectedValues[place * batch + b] = values[field * batch + b];
      }
    }
  };
};

const fieldValues: Form = (site, { inputs: [lists, numbers], outputs: [output], attributes }) => {
  const columns: readonly NumericColumn[] = attributes;
  const [ids, values, y] = [site.integers(lists), site.floats(numbers), site.floats(output)];
  const { batch } = site;
  return (rows) => {
    for (let place = 0; place < columns.length; place++) {
      const { field, row } = columns[place];
      for (let b = 0; b < rows; b++) {
        const at = field * batch + b;
        y[b * columns.length + place] = ids[at] === row ? values[at] : 0;
      }
    }
  };
};

function requireInput({ origin }: Tensor, prefix: string): string {
  if (origin.kind === "input" && origin.name.startsWith(prefix)) return origin.name;
  throw new FormError(`Cannot compute on the processor: a batch must be cut from the data, received a ${origin.kind}`);
}

/** Forms of lookups, by the names of their ops. */
export const embeddingForms: Forms = {
  cut_batch: cutBatch,
  cut_history: cutHistory,
  embedding,
  embedding_pair: embeddingPair,
  linearSum,
  embeddingFm,
  fm,
  select_fields: selectFields,
  field_values: fieldValues,
};
