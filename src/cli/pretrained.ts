/**
 * Pretrained vectors that flags name.
 *
 * @module
 */
import { requirePretrained } from "../pretrained/options.ts";
import type { PretrainedByField, PretrainedVectors } from "../pretrained/options.ts";
import type { FoundVectors } from "../pretrained/vectors.ts";
import type { OptionGroups, Options } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount, formatShare } from "./table.ts";

/** Options that name pretrained vectors. */
export const PRETRAINED_OPTIONS = {
  pretrained: {
    value: "FIELD=FILE",
    help: "start the rows of a field from the vectors of a text (a value and its numbers a line)\n" +
      'or Parquet file; item={"file":"v.npy","vocabulary":"names.txt"} has all options: file,\n' +
      "vocabulary (of .npy and .safetensors), column, vectors, frozen, table; may be repeated",
  },
  "freeze-pretrained": { help: "leave the rows that have such vectors as they are" },
} as const satisfies OptionGroups[string];

/**
 * Reads which vectors fields start from; undefined where none do.
 *
 * @throws {UsageError} when an option does not say field and file, or says another thing than the help has
 */
export function readPretrainedOptions(
  options: Options<keyof typeof PRETRAINED_OPTIONS>,
): PretrainedByField | undefined {
  options.require("pretrained", ["freeze-pretrained"]);
  if (!options.has("pretrained")) return undefined;
  const frozen = options.has("freeze-pretrained");
  const pretrained: Record<string, PretrainedVectors> = {};
  for (const text of options.texts("pretrained")) {
    const [, field, file] = /^([^=]+)=(.+)$/s.exec(text) ??
      options.refuse(`option "--pretrained" must be like item=vectors.txt, received "${text}"`);
    if (Object.hasOwn(pretrained, field)) options.refuse(`option "--pretrained" names "${field}" twice`);
    const given = file.startsWith("{") ? parseOptions(options, file) : { file };
    pretrained[field] = { ...(frozen ? { frozen } : {}), ...given };
  }
  try {
    requirePretrained(pretrained);
  } catch (error) {
    options.refuse(`option "--pretrained": ${(error as Error).message}`);
  }
  return pretrained;
}

function parseOptions(options: Options<keyof typeof PRETRAINED_OPTIONS>, text: string): PretrainedVectors {
  try {
    return JSON.parse(text);
  } catch {
    return options.refuse(`option "--pretrained" must have a file or JSON behind the field, received "${text}"`);
  }
}

/** Says how many values of each field have vectors, and warns where none has. */
export function reportPretrained(pretrained: readonly FoundVectors[], streams: Streams): void {
  for (const { field, values, found, frozen } of pretrained) {
    const share = formatShare(values === 0 ? 0 : found / values);
    const rows = `${formatCount(found)} of ${formatCount(values, "value")} of "${field}" (${share})`;
    streams.err(`pretrained: ${rows} have vectors${frozen ? ", frozen" : ""}`);
    if (found === 0) streams.err(`warning: no value of "${field}" is in its file of pretrained vectors`);
  }
}
