/**
 * Hash codes of rows, by the signs of their projections on fixed directions.
 *
 * @module
 */
import source from "../../../shaders/sequence/sign_hash.wgsl" with { type: "text" };
import type { Constants } from "../../gpu/shader.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { placesOf, requireLengths, requireShape } from "./places.ts";

/** The shader part that hashes. */
export const signHash: Readonly<Record<string, string>> = { sign_hash: source };

/** Threads of the workgroup that takes a row of the batch. */
export const HASH_THREADS = 64;

/** Most directions: the target's bits have to fit into workgroup memory. */
const MOST = 2048;

/** Sizes of a history and of the codes of its places. */
export interface HashSizes {
  readonly places: number;
  readonly width: number;
  readonly codes: number;
  /** Bits of a code. */
  readonly bits: number;
}

/**
 * Returns the sizes of a target `[B, N]`, or several side by side, a history `[B, L, N]`, its lengths, and directions `[codes, bits, N]`.
 *
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when codes have more than 32 bits, or all together more than 2048
 */
export function hashSizesOf(op: string, [q, x, lengths, directions]: readonly Tensor[], targets = 1): HashSizes {
  const { places, width } = placesOf(op, x);
  requireShape(op, "target", q, ["B", targets * width]);
  requireLengths(op, lengths);
  const [codes, bits, columns] = directions.shape;
  if (
    directions.shape.length !== 3 || typeof codes !== "number" || typeof bits !== "number" || columns !== width
  ) {
    throw new TypeError(
      `Cannot build ${op}: directions must have shape [hashes, bits, ${width}], received ${
        formatShape(directions.shape)
      }`,
    );
  }
  if (bits > 32 || codes * bits > MOST) {
    throw new RangeError(
      `Cannot build ${op}: codes must have 32 bits or fewer, and ${MOST} together, received ${codes} of ${bits}`,
    );
  }
  return { places, width, codes, bits };
}

/** Returns what specializes the shader part. */
export function hashConstants({ width, codes, bits }: HashSizes): Constants {
  return { COUNT: lanesOf(width).count, ALL: codes * bits, BITS: bits, CODES: codes };
}

/** Returns the words of a place's matches, a bit for each code. */
export function wordsOf({ codes }: HashSizes): number {
  return Math.ceil(codes / 32);
}
