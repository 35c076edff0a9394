/**
 * How many rows fit on a device.
 *
 * @module
 */
import type { FeedOptions } from "../feed.ts";
import { bytesOfValue } from "../feed_histories.ts";
import type { Gpu } from "../gpu/device.ts";

/**
 * Returns the bytes for rows that a device is taken to have to spare: half of the largest buffer that it allows, since
 * WebGPU does not tell how much memory there is.
 */
export function defaultBudget({ device }: Gpu): number {
  return Math.floor(device.limits.maxBufferSize / 2);
}

/**
 * Returns the rows, in whole batches, that fit in the budget and in bindings, where lists have so many values a row.
 *
 * @throws {RangeError} when not even a batch does
 */
export function mostRows(gpu: Gpu, options: FeedOptions, lengths: readonly number[]): number {
  const { fields, hasValues, tasks = 1, histories = [], batch, budget } = options;
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const binding = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  const bytes = histories.map((sizes, i) => {
    const { all, largest } = bytesOfValue(sizes);
    return { all: 4 + all * lengths[i], largest: largest * lengths[i] };
  });
  const perRow = bytes.reduce((sum, { all }) => sum + all, 4 * (fields * (hasValues ? 2 : 1) + tasks + 1));
  const largest = Math.max(4 * fields, 4 * tasks, ...bytes.map((list) => list.largest));
  if (perRow * batch > budget) {
    throw new RangeError(
      `Cannot feed rows: a batch of ${batch} rows takes ${perRow * batch} bytes, received a budget of ${budget}`,
    );
  }
  if (largest * batch > binding) {
    throw new RangeError(
      `Cannot feed rows: the device binds ${binding} bytes at a time, received a batch of ${batch} rows with ` +
        `${largest * batch} bytes of row numbers`,
    );
  }
  return Math.floor(Math.min(budget / perRow, binding / largest) / batch) * batch;
}
