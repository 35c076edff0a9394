/**
 * Tensors of a model in a file beside it: a message of protocol buffers holds less than 2 GiB.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { ExternalPlace, OnnxTensor } from "./proto.ts";

/** Bytes to which tensors are aligned, so that they can be mapped into memory. */
const ALIGNMENT = 4096;

/** Bytes that are digested or written at a time: some calls of a system take less than 2 GiB. */
const PIECE = 1 << 26;

/** A file of tensors. */
export interface ExternalData {
  /** Its bytes, in parts. */
  readonly parts: readonly Uint8Array[];
  /** Place of each tensor. */
  readonly places: ReadonlyMap<OnnxTensor, ExternalPlace>;
}

/** Lays tensors out one behind the other in a file of that name. */
export function layOutTensors(tensors: readonly OnnxTensor[], location: string): ExternalData {
  const parts: Uint8Array[] = [];
  const offsets: number[] = [];
  let end = 0;
  for (const { bytes } of tensors) {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    parts.push(new Uint8Array(offset - end), bytes);
    offsets.push(offset);
    end = offset + bytes.length;
  }
  const checksum = digest(parts);
  const places = tensors.map((tensor, i): [OnnxTensor, ExternalPlace] => [
    tensor,
    { location, offset: offsets[i], length: tensor.bytes.length, checksum },
  ]);
  return { parts, places: new Map(places) };
}

/** Cuts bytes into pieces that every call takes. */
export function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let first = 0; first < part.length; first += PIECE) yield part.subarray(first, first + PIECE);
  }
}

function digest(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha1");
  for (const piece of piecesOf(parts)) hash.update(piece);
  return hash.digest("hex");
}
