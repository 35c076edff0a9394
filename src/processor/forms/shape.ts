/**
 * Forms of what moves numbers.
 *
 * @module
 */
import type { Form, Forms } from "../form.ts";
import { counter, lastOf, vectorsOf } from "../sizes.ts";

/** Copies `count` columns of vectors of one array to those of another. */
export function copyColumns(
  { x, from, width }: { readonly x: Float32Array; readonly from: number; readonly width: number },
  { y, to, span }: { readonly y: Float32Array; readonly to: number; readonly span: number },
  count: number,
  vectors: number,
): void {
  for (let v = 0; v < vectors; v++) {
    const [a, b] = [v * width + from, v * span + to];
    for (let n = 0; n < count; n++) y[b + n] = x[a + n];
  }
}

const concat: Form = (site, { inputs, outputs: [output] }) => {
  const y = site.floats(output);
  const vectors = vectorsOf(site, output);
  const span = lastOf(output);
  let to = 0;
  const copies = inputs.map((input) => {
    const width = lastOf(input);
    const copy = { source: { x: site.floats(input), from: 0, width }, target: { y, to, span }, width };
    to += width;
    return copy;
  });
  return (rows) => {
    for (const { source, target, width } of copies) copyColumns(source, target, width, vectors(rows));
  };
};

const split: Form = (site, { inputs: [input], outputs }) => {
  const x = site.floats(input);
  const vectors = vectorsOf(site, input);
  const width = lastOf(input);
  let from = 0;
  const copies = outputs.map((output) => {
    const span = lastOf(output);
    const copy = { source: { x, from, width }, target: { y: site.floats(output), to: 0, span }, span };
    from += span;
    return copy;
  });
  return (rows) => {
    for (const { source, target, span } of copies) copyColumns(source, target, span, vectors(rows));
  };
};

const columns: Form = (site, { inputs: [input], outputs: [output], attributes: { from, count } }) => {
  const source = { x: site.floats(input), from, width: lastOf(input) };
  const target = { y: site.floats(output), to: 0, span: count };
  const vectors = vectorsOf(site, input);
  return (rows) => copyColumns(source, target, count, vectors(rows));
};

const pad: Form = (site, { inputs: [input], outputs: [output], attributes: { from, count } }) => {
  const width = lastOf(input);
  const source = { x: site.floats(input), from: 0, width };
  const target = { y: site.floats(output), to: from, span: count };
  const vectors = vectorsOf(site, input);
  const all = counter(site, output);
  return (rows) => {
    target.y.fill(0, 0, all(rows));
    copyColumns(source, target, width, vectors(rows));
  };
};

/** Forms of copies, by the names of their ops. */
export const shapeForms: Forms = { concat, side_by_side: concat, split, columns, pad };
