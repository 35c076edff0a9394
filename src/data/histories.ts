/**
 * Lists of values, one for each row of a data set, without padding.
 *
 * @module
 */
import type { FittedHistory } from "./fitted_sequence.ts";
import { firstValueRow } from "./vocabulary.ts";

/** The values of sequences that run along each other. */
export interface Histories {
  /** Where the values of a row are, `[rows + 1]`: those of row r are `offsets[r]` to before `offsets[r + 1]`. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  /** Rows of the flat row space `[values, M]`, of M sequences; the oldest value of a row comes first. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Weights of the values `[values]`, where the sequence has them. */
  readonly weights?: Float32Array<ArrayBuffer>;
}

/**
 * Returns the values of a sequence in a row, the oldest first: undefined for one that the vocabulary lacks or that is
 * missing.
 *
 * @throws {RangeError} when there is no such sequence
 */
export function namesInRow(
  expected: readonly FittedHistory[],
  received: readonly Histories[],
  name: string,
  row: number,
): (string | undefined)[] {
  const place = expected.findIndex(({ sequences }) => sequences.some((sequence) => sequence.name === name));
  if (place < 0) {
    const known = expected.flatMap(({ sequences }) => sequences.map((sequence) => sequence.name)).join(", ");
    throw new RangeError(`Cannot name values: the sequences are ${known || "none"}, received "${name}"`);
  }
  const { sequences } = expected[place];
  const member = sequences.findIndex((sequence) => sequence.name === name);
  const { vocabulary, offset, missing } = sequences[member];
  const { offsets, ids } = received[place];
  return Array.from({ length: offsets[row + 1] - offsets[row] }, (_, i) => {
    const id = ids[(offsets[row] + i) * sequences.length + member];
    return vocabulary[id - offset - firstValueRow(missing)];
  });
}

/** Copies the lists of some rows, in the order in which `rowAt` names them. */
export function selectHistories(
  { offsets, ids, weights }: Histories,
  rows: number,
  rowAt: (place: number) => number,
): Histories {
  const members = membersOf({ offsets, ids });
  const selected = new Uint32Array(rows + 1);
  for (let place = 0; place < rows; place++) {
    const row = rowAt(place);
    selected[place + 1] = selected[place] + offsets[row + 1] - offsets[row];
  }
  const selectedIds = new Uint32Array(members * selected[rows]);
  const selectedWeights = weights && new Float32Array(selected[rows]);
  for (let place = 0; place < rows; place++) {
    const row = rowAt(place);
    const [from, end] = [offsets[row], offsets[row + 1]];
    selectedIds.set(ids.subarray(members * from, members * end), members * selected[place]);
    if (selectedWeights) selectedWeights.set(weights!.subarray(from, end), selected[place]);
  }
  return { offsets: selected, ids: selectedIds, ...(selectedWeights && { weights: selectedWeights }) };
}

/**
 * Refuses lists that are not those of `rows` rows of a schema's sequences.
 *
 * @throws {RangeError} then
 */
export function requireHistories(
  expected: readonly FittedHistory[],
  received: readonly Histories[],
  rows: number,
): void {
  if (received.length !== expected.length) {
    throw new RangeError(
      `Cannot build data set: histories must be ${expected.length} as in the schema, received ${received.length}`,
    );
  }
  expected.forEach(({ name, sequences, maxLength, weighted }, i) => {
    const { offsets, ids, weights } = received[i];
    const refuse = (what: string, value: unknown): never => {
      throw new RangeError(`Cannot build data set: history "${name}" must have ${what}, received ${value}`);
    };
    if (offsets.length !== rows + 1) refuse(`${rows + 1} offsets`, offsets.length);
    for (let row = 0; row < rows; row++) {
      const length = offsets[row + 1] - offsets[row];
      if (length < 0 || length > maxLength) refuse(`0 to ${maxLength} values in row ${row}`, length);
    }
    const count = offsets[rows];
    if (offsets[0] !== 0) refuse("offsets that start at 0", offsets[0]);
    if (ids.length !== sequences.length * count) refuse(`${sequences.length * count} row numbers`, ids.length);
    if (weights?.length !== (weighted ? count : undefined)) {
      refuse(`${weighted ? count : "no"} weights`, weights?.length ?? "none");
    }
  });
}

function membersOf({ offsets, ids }: Histories): number {
  const count = offsets[offsets.length - 1];
  return count === 0 ? 0 : ids.length / count;
}
