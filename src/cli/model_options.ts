/**
 * Options of a model of its own, in a file beside its versions.
 *
 * @module
 */
import { formatNames, formatValue } from "../data/format.ts";
import type { BatchingOptions } from "../serve/batcher.ts";
import type { OpenOptions } from "../serve/served_model.ts";

/** Options that a model can have of its own. */
export type OwnOptions = Pick<OpenOptions, "batching" | "batchSizes" | "processor">;

/** Keys of the file; `batchSizes` and `preferredBatchSizes` are lists. */
const KEYS = [
  ...["batchSizes", "maxBatchSize", "preferredBatchSizes", "maxQueueDelayMs", "maxQueueSize"],
  ...["timeoutMs", "timeoutAction", "processor"],
] as const;

/**
 * Puts a model's own options in place of those of all models.
 *
 * @param path the file; there is none where it is absent
 * @throws {SyntaxError} when the file is no JSON
 * @throws {TypeError} when it has a key that is none, or no list where there must be one
 */
export async function withOwnOptions(path: string | undefined, all: OwnOptions): Promise<OwnOptions> {
  if (path === undefined) return all;
  const own = parse(path, await Deno.readTextFile(path));
  const { batchSizes = all.batchSizes, processor = all.processor, ...batching } = own;
  return { batchSizes, batching: { ...all.batching, ...batching }, ...(processor && { processor }) };
}

function parse(path: string, text: string): BatchingOptions & Pick<OpenOptions, "batchSizes" | "processor"> {
  const refuse = (wanted: string, received: string): never => {
    throw new TypeError(`Cannot read "${path}": ${wanted}, received ${received}`);
  };
  let options: unknown;
  try {
    options = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read "${path}": it must be JSON, received ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return refuse("it must be an object", formatValue(options));
  }
  for (const [key, value] of Object.entries(options)) {
    if (!KEYS.some((known) => known === key)) refuse(`its keys are ${formatNames(KEYS)}`, formatValue(key));
    if (key.endsWith("Sizes") && !Array.isArray(value)) refuse(`${key} must be a list`, formatValue(value));
  }
  return options;
}
