/**
 * Shapes of what is computed over the places of histories.
 *
 * @module
 */
import { formatShape, type Tensor } from "../../graph/tensor.ts";

/** Sizes of a history. */
export interface Places {
  /** Most values L of a row. */
  readonly places: number;
  /** Numbers N of a place. */
  readonly width: number;
}

/**
 * Returns the sizes of `[B, L, N]`.
 *
 * @throws {TypeError} when it is of another shape
 */
export function placesOf(op: string, { shape }: Tensor): Places {
  const [batch, places, width] = shape;
  if (shape.length !== 3 || batch !== "B" || typeof places !== "number" || typeof width !== "number") {
    throw new TypeError(`Cannot build ${op}: a history must have shape [B, L, N], received ${formatShape(shape)}`);
  }
  return { places, width };
}

/** Sizes of the histories of a row. */
export interface GroupedPlaces extends Places {
  /** Histories of a row, one behind the other. */
  readonly groups: number;
}

/**
 * Returns the sizes of a history `[B, L, N]` with lengths `[B]`, or of G histories of L / G places each with lengths
 * `[B, G]`, which lie in memory as those of G times as many rows do.
 *
 * @throws {TypeError} when the lengths are of another shape or type, or G does not divide L
 */
export function groupedPlacesOf(op: string, x: Tensor, lengths: Tensor): GroupedPlaces {
  const { places, width } = placesOf(op, x);
  const [batch, groups = 1, ...others] = lengths.shape;
  const fits = batch === "B" && typeof groups === "number" && others.length === 0 && places % groups === 0;
  if (fits && lengths.dtype === "u32") return { groups, places: places / groups, width };
  throw new TypeError(
    `Cannot build ${op}: lengths must have shape [B] and type u32, or [B, G] with G dividing ${places} places, ` +
      `received ${formatShape(lengths.shape)} ${lengths.dtype}`,
  );
}

/**
 * Throws unless a tensor holds a length for each row.
 *
 * @throws {TypeError} when it has another shape or type
 */
export function requireLengths(op: string, { shape, dtype }: Tensor): void {
  if (shape.length === 1 && shape[0] === "B" && dtype === "u32") return;
  throw new TypeError(
    `Cannot build ${op}: lengths must have shape [B] and type u32, received ${formatShape(shape)} ${dtype}`,
  );
}

/**
 * Throws unless a tensor has a shape.
 *
 * @throws {TypeError} when it has another
 */
export function requireShape(op: string, name: string, { shape }: Tensor, expected: readonly (number | "B")[]): void {
  if (shape.join() === expected.join()) return;
  throw new TypeError(
    `Cannot build ${op}: ${name} must have shape ${formatShape(expected)}, received ${formatShape(shape)}`,
  );
}
