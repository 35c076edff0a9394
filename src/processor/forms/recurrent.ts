/**
 * Forms of recurrent layers.
 *
 * @module
 */
import { gatesOf } from "../../ops/sequence/gru.ts";
import { sigmoid } from "../activation.ts";
import type { Form, Forms } from "../form.ts";
import { counter, lastOf } from "../sizes.ts";

/** Gated recurrent units over the places of histories; with attention weights they are those of AUGRU or AGRU. */
const gru: Form = (site, { inputs, outputs, attributes: kind }) => {
  const [x, u, c] = inputs.slice(0, 3).map((input) => site.floats(input));
  const lengths = site.integers(inputs[3]);
  const a = inputs[4] && site.floats(inputs[4]);
  const [states, last] = outputs.map((output) => site.floats(output));
  const [places, columns] = inputs[0].shape.slice(1).map(Number);
  const units = columns / gatesOf(kind);
  const multiply = site.product({
    ...{ inner: units, outer: columns },
    at: (k, n) => u[k * columns + n],
    bias: (n) => c[n],
  });
  const [h, s] = [{ array: site.scratch(units) }, { array: site.scratch(columns) }];
  /** Goes on by a place whose numbers start at `row`. */
  const advance = (row: number, place: number): void => {
    multiply(h, s, 1);
    for (let j = 0; j < units; j++) {
      const n = columns - units + j;
      const reset = sigmoid(x[row + j] + s.array[j]);
      const update = kind === "agru" ? 1 : sigmoid(x[row + units + j] + s.array[units + j]);
      const candidate = Math.tanh(x[row + n] + reset * s.array[n]);
      const share = a ? a[place] * update : 1 - update;
      h.array[j] += share * (candidate - h.array[j]);
    }
  };
  return (rows) => {
    states.fill(0, 0, rows * places * units);
    for (let b = 0; b < rows; b++) {
      h.array.fill(0);
      for (let t = 0; t < lengths[b]; t++) {
        const place = b * places + t;
        advance(place * columns, place);
        for (let j = 0; j < units; j++) states[place * units + j] = h.array[j];
      }
      for (let j = 0; j < units; j++) last[b * units + j] = h.array[j];
    }
  };
};

/** Long short-term memory over the places of histories, forwards or from the latest place back. */
const lstm: Form = (site, { inputs, outputs, attributes: { reverse = false } }) => {
  const [x, u] = inputs.slice(0, 2).map((input) => site.floats(input));
  const lengths = site.integers(inputs[2]);
  const states = site.floats(outputs[0]);
  const [places, columns] = inputs[0].shape.slice(1).map(Number);
  const units = columns / 4;
  const multiply = site.product({ inner: units, outer: columns, at: (k, n) => u[k * columns + n] });
  const [h, c, s] = [units, units, columns].map((count) => ({ array: site.scratch(count) }));
  const advance = (row: number): void => {
    multiply(h, s, 1);
    const gate = (part: number, j: number) => x[row + part * units + j] + s.array[part * units + j];
    for (let j = 0; j < units; j++) {
      c.array[j] = sigmoid(gate(1, j)) * c.array[j] + sigmoid(gate(0, j)) * Math.tanh(gate(2, j));
      h.array[j] = sigmoid(gate(3, j)) * Math.tanh(c.array[j]);
    }
  };
  return (rows) => {
    states.fill(0, 0, rows * places * units);
    for (let b = 0; b < rows; b++) {
      h.array.fill(0);
      c.array.fill(0);
      for (let step = 0; step < lengths[b]; step++) {
        const place = b * places + (reverse ? lengths[b] - 1 - step : step);
        advance(place * columns);
        for (let j = 0; j < units; j++) states[place * units + j] = h.array[j];
      }
    }
  };
};

/** One step of a gated recurrent unit whose two dense layers are given. */
const gruCell: Form = (site, { inputs, outputs: [output] }) => {
  const [a, c, h] = inputs.map((input) => site.floats(input));
  const [y, width, count] = [site.floats(output), lastOf(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) {
      const at = 3 * i - 2 * (i % width);
      const reset = sigmoid(a[at] + c[at]);
      const update = sigmoid(a[at + width] + c[at + width]);
      const candidate = Math.tanh(a[at + 2 * width] + reset * c[at + 2 * width]);
      y[i] = (1 - update) * candidate + update * h[i];
    }
  };
};

/** Forms of recurrent layers, by the names of their ops. */
export const recurrentForms: Forms = { gru, lstm, gru_cell: gruCell };
