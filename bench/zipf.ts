/**
 * Row numbers of a batch as they occur in practice: few rows often, most of them rarely.
 *
 * @module
 */
import { randomArray } from "../tests/support.ts";

/**
 * Draws row numbers `[F, B]` of fields that share `rows` rows evenly; in each they follow Zipf's law with exponent 1,
 * where the logarithm of the rank is uniform.
 */
export function zipfIds(batch: number, fields: number, rows: number): Uint32Array<ArrayBuffer> {
  const perField = Math.floor(rows / fields);
  return Uint32Array.from(randomArray(batch * fields, 1), (u, o) => {
    const rank = Math.floor(Math.exp((u + 1) / 2 * Math.log(perField + 1))) - 1;
    return Math.floor(o / batch) * perField + Math.min(perField - 1, rank);
  });
}
