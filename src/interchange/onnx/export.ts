/**
 * Models as ONNX files.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { describeNotFinite, findNotFinite } from "../../checkpoint/finite.ts";
import { replaceFile } from "../../files.ts";
import type { Model } from "../../model.ts";
import { VERSION } from "../../version.ts";
import { VOCABULARY, writeVocabulary } from "../model.ts";
import { layOutTensors, piecesOf } from "./external_data.ts";
import { formatModel } from "./proto.ts";
import { translateModel } from "./translate.ts";

/** Options of {@linkcode exportOnnx}. */
export interface OnnxOptions {
  /**
   * Whether names come in as texts, which the graph looks up, instead of row numbers that the caller takes from the
   * vocabulary. Runtimes need the operator `LabelEncoder` of `ai.onnx.ml` for it.
   *
   * @default {false}
   */
  readonly strings?: boolean;
  /**
   * Whether parameters are in a file of their own; they are in any case where they take 2 GB or more.
   *
   * @default {false}
   */
  readonly externalData?: boolean;
}

/** Bytes of parameters that leave room for the rest of a message below 2 GiB. */
const MOST_BYTES = 2e9;

/** Bytes that a message of protocol buffers can have. */
const MESSAGE_BYTES = 2 ** 31 - 1;

/**
 * Writes a model's forward pass to an ONNX file (opset 17): from the columns of its schema to the probability `score` and
 * the `logit` of each row, `[batch, 1]`; of several tasks `score_TASK` and `logit_TASK`. Calibration is in the graph.
 *
 * | column | input |
 * | --- | --- |
 * | names | int64 `[batch, 1]`, counted from the first row of the field; with `strings` texts |
 * | numbers | float `[batch, 1]`, NaN for a missing one; scaling and buckets are in the graph |
 * | sequences | int64 `[batch, length]` padded by -1, or texts padded by empty ones |
 *
 * What the numbers of names stand for goes to `vocabulary.json` in the same folder, and parameters that are to be apart to
 * a file of the same name with `.data` behind it.
 *
 * @param path file to write, for example `model.onnx`
 * @returns paths of the files
 * @throws {TypeError} when an op of the model has no translation; the message names all of them
 * @throws {RangeError} when a parameter is not finite, two columns or outputs would have one name, or vocabularies take
 * 2 GB
 * @throws {Error} when a file cannot be written; one that was there is intact
 *
 * @example
 * ```ts
 * import { categorical, lr, Model, numeric, readRows } from "../../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = [{ click: 1, user: "u1", age: 30 }, { click: 0, user: "u2", age: 40 }];
 * const { schema } = readRows(rows, { label: "click", features: [categorical("user"), numeric("age")] });
 * await using model = await Model.create(lr(), schema);
 * const folder = await Deno.makeTempDir();
 * const written = await exportOnnx(model, `${folder}/lr.onnx`, { strings: true });
 * assert.deepEqual(written, [`${folder}/lr.onnx`, `${folder}/vocabulary.json`]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function exportOnnx(model: Model, path: string, options: OnnxOptions = {}): Promise<string[]> {
  const { strings = false, externalData = false } = options;
  const tensors = await model.parameters();
  const found = findNotFinite(tensors);
  if (found) throw new RangeError(`Cannot export "${path}": ${describeNotFinite(found)}`);
  const { definition, schema, calibration } = model;
  const graph = translateModel({ definition, schema, calibration, tensors }, strings);
  const { nodes, tensors: live } = graph.live();
  const parameters = live.filter(({ isParameter }) => isParameter);
  const isApart = externalData || parameters.reduce((sum, { bytes }) => sum + bytes.length, 0) >= MOST_BYTES;
  const dataPath = `${path}.data`;
  const apart = isApart ? layOutTensors(parameters, basename(dataPath)) : undefined;
  const message = formatModel(
    {
      ...{ name: definition.name, nodes, tensors: live, inputs: graph.inputs, outputs: graph.outputs },
      version: VERSION,
      metadata: {
        "weft.model": definition.name,
        "weft.options": JSON.stringify(definition.options),
        "weft.schema": await schema.fingerprint(),
      },
    },
    (tensor) => apart?.places.get(tensor),
  );
  if (message.length > MESSAGE_BYTES) {
    throw new RangeError(`Cannot export "${path}": it must have less than 2 GiB, received ${message.length} bytes`);
  }
  const vocabulary = join(dirname(path), VOCABULARY);
  // A model that is there has all that it refers to.
  if (apart) await writeParts(dataPath, apart.parts);
  await writeVocabulary(vocabulary, schema);
  await writeParts(path, message.parts);
  return [path, ...(apart ? [dataPath] : []), vocabulary];
}

async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  try {
    await replaceFile(path, async (file) => {
      for (const piece of piecesOf(parts)) {
        for (let done = 0; done < piece.length;) done += await file.write(piece.subarray(done));
      }
    });
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
