/**
 * A digest of the rows that a training reads, so that a resumption on others is noticed.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { keepWithinMemory } from "../data/large_arrays.ts";

/** Bytes that are digested at a time. */
const CHUNK_BYTES = 1 << 26;

/**
 * Digests rows in their order, with values, histories and labels: SHA-256 over the SHA-256 of each 64 MiB, in hexadecimal.
 *
 * It takes a second or so per gigabyte, off the thread that trains.
 */
export async function digestRows(...parts: readonly (Dataset | undefined)[]): Promise<string> {
  return await digest(parts.flatMap((data) => {
    const lists = data?.histories.flatMap(({ offsets, ids, weights }) => [offsets, ids, weights]) ?? [];
    return data ? [data.ids, data.values, data.labels, ...lists] : [];
  }));
}

/** Digests occurrences by row, where there are any. */
export async function digestCounts(counts: ArrayLike<number> | undefined): Promise<string | undefined> {
  return counts && await digest([Float64Array.from(counts)]);
}

type Numbers = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

async function digest(arrays: readonly (Numbers | undefined)[]): Promise<string> {
  const digests: ArrayBuffer[] = [];
  for (const array of arrays) {
    digests.push(new Uint32Array([array?.length ?? 0]).buffer);
    for (let at = 0; array && at < array.byteLength; at += CHUNK_BYTES) {
      keepWithinMemory();
      const bytes = Math.min(CHUNK_BYTES, array.byteLength - at);
      digests.push(await crypto.subtle.digest("SHA-256", new Uint8Array(array.buffer, array.byteOffset + at, bytes)));
    }
  }
  const all = await new Blob(digests).arrayBuffer();
  const whole = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(whole, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
