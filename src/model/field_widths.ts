/**
 * Widths of embeddings by field.
 *
 * @module
 */
import { formatNames, formatValue } from "../data/format.ts";
import type { Field, Input } from "../layers/input.ts";

/** The option of all models that gives fields widths of their own. */
export interface FieldWidths {
  /**
   * Widths of the embeddings of some fields, and of sequences with vocabularies of their own, in place of the model's. A
   * matrix for each of these fields makes their rows as wide as the model needs them.
   *
   * @default none
   */
  readonly dims?: Readonly<Record<string, number>>;
}

/**
 * Builds a model whose fields have widths of their own.
 *
 * @throws {TypeError} when widths are no record, or the model has no embeddings
 * @throws {RangeError} when a field is not one of the input's, or a width is no positive integer
 */
export function withWidths<Y>(
  model: string,
  x: Input,
  dims: FieldWidths["dims"],
  build: (x: Input) => Y,
): Y {
  if (dims === undefined) return build(x);
  requireWidths(model, x, dims);
  const widen = <F extends Field>(field: F): F =>
    Object.hasOwn(dims, field.name) ? { ...field, dim: dims[field.name] } : field;
  const logits = build({
    ...x,
    fields: x.fields.map(widen),
    ...(x.histories && {
      histories: x.histories.map((history) => ({ ...history, sequences: history.sequences.map(widen) })),
    }),
  });
  const hasEmbeddings = [...x.graph.declarations.tables.values()].some(({ dim }) => dim > 1);
  if (hasEmbeddings || Object.keys(dims).length === 0) return logits;
  throw new TypeError(`Cannot build ${model}: dims are of embeddings, received a model that has none`);
}

function requireWidths(model: string, x: Input, dims: unknown): void {
  if (typeof dims !== "object" || dims === null || Array.isArray(dims)) {
    throw new TypeError(`Cannot build ${model}: dims must be widths by field, received ${formatValue(dims)}`);
  }
  const sequences = (x.histories ?? []).flatMap((history) => history.sequences);
  const sharing = new Set(sequences.filter(({ target }) => target !== undefined).map(({ name }) => name));
  const names = new Set([...x.fields, ...sequences].map(({ name }) => name).filter((name) => !sharing.has(name)));
  for (const [name, dim] of Object.entries(dims)) {
    if (!names.has(name)) {
      throw new RangeError(
        `Cannot build ${model}: dims must name fields with rows of their own (${
          formatNames([...names])
        }), received "${name}"`,
      );
    }
    if (!Number.isInteger(dim) || dim < 1) {
      throw new RangeError(
        `Cannot build ${model}: dims.${name} must be a positive integer, received ${formatValue(dim)}`,
      );
    }
  }
}
