/** The order of occurrences by row, by the host language's stable sort. */

/** Pairs (row, o), ascending by row and then by o; rows of padding and past the table are 0xffffffff. */
export function sortReference(
  ids: ArrayLike<number>,
  fields: number,
  batch: number,
  rows: number,
  rowCount: number,
): Uint32Array {
  const keys = Array.from(
    { length: fields * batch },
    (_, o) => o % batch < rows && ids[o] < rowCount ? ids[o] : 0xffffffff,
  );
  const order = keys.map((_, o) => o).sort((a, b) => keys[a] - keys[b]);
  return Uint32Array.from(order.flatMap((o) => [keys[o], o]));
}
