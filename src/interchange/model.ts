/**
 * All tensors of a model to a safetensors file, under Weft's names, and back.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { describeNotFinite, findNotFinite } from "../checkpoint/finite.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { replaceFile } from "../files.ts";
import type { Model } from "../model.ts";
import { fitTensors } from "./fit.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { formatVocabulary } from "./vocabulary.ts";

/** Name of the file of vocabularies beside an exported one. */
export const VOCABULARY = "vocabulary.json";

/** Key of the schema's fingerprint in a file's metadata. */
const SCHEMA = "weft.schema";

/**
 * Writes a model's parameters, running statistics and tables to a safetensors file, and what the rows of the tables stand
 * for to `vocabulary.json` in the same folder. Dense weights are `[in, out]`.
 *
 * @returns paths of the files
 * @throws {RangeError} when a number is not finite
 * @throws {Error} when a file cannot be written; one that was there is intact
 */
export async function exportSafetensors(model: Model, path: string): Promise<string[]> {
  const tensors = await model.parameters();
  const found = findNotFinite(tensors);
  if (found) throw new RangeError(`Cannot export "${path}": ${describeNotFinite(found)}`);
  const { definition: { name, options }, schema } = model;
  const metadata = {
    format: "weft",
    "weft.model": name,
    "weft.options": JSON.stringify(options),
    [SCHEMA]: await schema.fingerprint(),
  };
  await writeSafetensors(path, tensors, metadata);
  const vocabulary = join(dirname(path), VOCABULARY);
  await writeVocabulary(vocabulary, schema);
  return [path, vocabulary];
}

/**
 * Writes what the rows of a schema stand for, as {@linkcode formatVocabulary} pictures it.
 *
 * @throws {Error} when the file cannot be written; one that was there is intact
 */
export async function writeVocabulary(path: string, schema: FittedSchema): Promise<void> {
  try {
    await replaceFile(path, async (file) => {
      const encoder = new TextEncoder();
      for (const part of formatVocabulary(schema)) {
        const bytes = encoder.encode(part);
        for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      }
    });
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/**
 * Replaces all tensors of a model by those of a safetensors file with the same names and shapes, in any float type.
 *
 * @throws {TypeError} when tensors are missing, unexpected or of another shape, which the message lists, or the file was
 * exported from a model with another schema; the model is then as before
 * @throws {RangeError} when a number is not finite
 * @throws {SyntaxError} when the file is damaged
 */
export async function importSafetensors(model: Model, path: string): Promise<void> {
  const { tensors, metadata } = await readSafetensors(path);
  const own = await model.schema.fingerprint();
  if (Object.hasOwn(metadata, SCHEMA) && metadata[SCHEMA] !== own) {
    const [short, ownShort] = [metadata[SCHEMA], own].map((digest) => digest.slice(0, 12));
    throw new TypeError(`Cannot import "${path}": it must be of schema ${ownShort}, received ${short}`);
  }
  const fitting = fitTensors(`"${path}"`, await model.parameters(), tensors);
  const found = findNotFinite(fitting);
  if (found) throw new RangeError(`Cannot import "${path}": ${describeNotFinite(found)}`);
  model.setParameters(fitting);
}
