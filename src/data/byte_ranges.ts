/**
 * Bytes of files, addresses and uploads that are read at any place.
 *
 * @module
 */
import { type ByteRanges, openRanges as openFileRanges } from "../host/mod.ts";
import { openRaw, type Source } from "./source.ts";

/**
 * Opens a source to read it at any place. What can only be read from its start, such as a pipe, or the answer of a server
 * that knows no ranges, is taken into memory whole.
 *
 * @throws {Error} when it cannot be opened
 */
export async function openRanges(source: Source): Promise<ByteRanges> {
  const known = await openKnown(source);
  return known ?? inMemory(await new Response(await openRaw(source)).arrayBuffer());
}

/** Opens what knows its size; nothing for what does not. */
async function openKnown(source: Source): Promise<ByteRanges | undefined> {
  if (source instanceof Blob) {
    return {
      byteLength: source.size,
      slice: (start, end) => source.slice(start, end).arrayBuffer(),
    };
  }
  if (typeof source !== "string" && !(source instanceof URL)) return undefined;
  const address = String(source);
  if (/^https?:/i.test(address)) return await openAddress(address);
  return await openFileRanges(/^file:/i.test(address) ? new URL(address) : source);
}

async function openAddress(address: string): Promise<ByteRanges | undefined> {
  const response = await request(address, 0, 1);
  await response.body?.cancel();
  const size = Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]);
  if (response.status !== 206 || !Number.isSafeInteger(size)) return undefined;
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      if (end <= start) return new ArrayBuffer(0);
      const part = await request(address, start, end);
      const bytes = part.status === 206 ? await part.arrayBuffer() : undefined;
      if (bytes?.byteLength === end - start) return bytes;
      if (!bytes) await part.body?.cancel();
      throw new Error(`server answered ${part.status} with another range than bytes ${start} to ${end - 1}`);
    },
  };
}

function request(address: string, start: number, end: number): Promise<Response> {
  return fetch(address, { headers: { range: `bytes=${start}-${end - 1}` } });
}

function inMemory(bytes: ArrayBuffer): ByteRanges {
  return { byteLength: bytes.byteLength, slice: (start, end) => Promise.resolve(bytes.slice(start, end)) };
}
