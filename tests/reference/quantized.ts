/** Tables in fewer bits, by float64 loops: the numbers that are read again, and how far each may be from the original. */

/** Numbers as they are read again, and the largest error that each row allows, float32's rounding apart. */
export interface Quantized {
  readonly values: Float64Array;
  readonly bounds: Float64Array;
}

/** Rounds `value` to `bits` significant bits by `round`, which gets the number of units in the last place. */
function significant(value: number, bits: number, round: (units: number) => number): number {
  if (value === 0) return 0;
  let exponent = Math.floor(Math.log2(Math.abs(value)));
  if (2 ** (exponent + 1) <= Math.abs(value)) exponent++;
  if (2 ** exponent > Math.abs(value)) exponent--;
  const unit = 2 ** (exponent - bits + 1);
  return round(value / unit) * unit;
}

function halfToEven(units: number): number {
  const below = Math.floor(units);
  const rest = units - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/**
 * Codes of `bits` bits: x is read as c + s (q - (2^bits - 1) / 2). The scale s has 8 significant bits, is 0 or at least
 * 2^-100, and so large that the codes reach all numbers of the row: errors are at most s / 2.
 */
export function codesReference(values: ArrayLike<number>, dim: number, bits: number): Quantized {
  const middle = (2 ** bits - 1) / 2;
  const read = new Float64Array(values.length);
  const bounds = new Float64Array(values.length / dim);
  for (let row = 0; row < bounds.length; row++) {
    const numbers = Array.from({ length: dim }, (_, d) => values[row * dim + d]);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const center = significant((low + high) / 2, 8, halfToEven);
    const reach = Math.max(high - center, center - low);
    // Float32 first, as the encoder has it, and then 8 bits: both upwards.
    const least = reach === 0 ? 0 : Math.max(reach / middle, 2 ** -100);
    const scale = significant(significant(least, 24, Math.ceil), 8, Math.ceil);
    bounds[row] = scale / 2;
    numbers.forEach((x, d) => {
      const code = scale === 0 ? 0 : Math.min(Math.max(Math.floor((x - center) / scale + middle + 0.5), 0), 2 * middle);
      read[row * dim + d] = center + scale * (code - middle);
    });
  }
  return { values: read, bounds };
}

/** Float16: 11 significant bits, halves to even, multiples of 2^-24 below 2^-14. */
export function halvesReference(values: ArrayLike<number>, dim: number): Quantized {
  const read = Float64Array.from(
    values,
    (x) => Math.abs(x) < 2 ** -14 ? halfToEven(x * 2 ** 24) / 2 ** 24 : significant(x, 11, halfToEven),
  );
  const bounds = Float64Array.from({ length: values.length / dim }, (_, row) => {
    const largest = Math.max(...Array.from({ length: dim }, (_, d) => Math.abs(values[row * dim + d])));
    return Math.max(largest * 2 ** -11, 2 ** -25);
  });
  return { values: read, bounds };
}

/** Numbers of a table as a storage reads them. */
export function quantizedReference(
  values: ArrayLike<number>,
  dim: number,
  storage: "f16" | "int8" | "int4",
): Quantized {
  if (storage === "f16") return halvesReference(values, dim);
  return codesReference(values, dim, storage === "int8" ? 8 : 4);
}
