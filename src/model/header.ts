/**
 * The header of a model's file: name and options of the model function, schema, seed and statistics of training.
 *
 * @module
 */
import { type Calibration, parseCalibration } from "../calibration/calibration.ts";
import type { Checkpoint, Json } from "../checkpoint/content.ts";
import { FittedSchema } from "../data/fitted_schema.ts";
import type { Definition } from "../definition.ts";
import { parseTrainingStatistics, type TrainingStatistics } from "../drift/training_statistics.ts";
import { type StorageByTable, TABLE_STORAGES } from "../graph/table_storage.ts";

/** Binds a model's stored options; what {@linkcode defineModel} returns is one. */
export type AnyFactory = (options?: Record<string, never>) => Definition;

/** What a header holds of a model. */
export interface ModelHeader {
  /** Name and options of the model function. */
  readonly definition: Definition;
  /** Schema of the data that the model takes. */
  readonly schema: FittedSchema;
  /** Seed of the first parameters. */
  readonly seed: number;
  /** What turns logits into probabilities; undefined where that is sigmoid(z). */
  readonly calibration?: Calibration;
  /** Statistics of training; absent for a model that was not trained, and in files of earlier versions. */
  readonly statistics?: TrainingStatistics;
  /** How tables are stored that are not in float32. @default {none} */
  readonly storage?: StorageByTable;
}

const FORMAT = "weft.model";

/** Returns the header of a model's file, or of a checkpoint with the state of training. */
export function formatHeader(
  { definition, schema, seed, calibration, statistics, storage = {} }: ModelHeader,
  training?: Json,
): Checkpoint["header"] {
  return {
    format: FORMAT,
    model: { name: definition.name, options: definition.options as Json },
    schema: schema.toJSON() as unknown as Json,
    seed,
    ...(calibration && { calibration: calibration as unknown as Json }),
    statistics: statistics as unknown as Json | undefined,
    ...(Object.keys(storage).length > 0 && { storage }),
    training,
  };
}

/**
 * Reads the header of a checkpoint.
 *
 * @param path the checkpoint's file, for errors
 * @param factory the model's factory, or factories by slug
 * @throws {SyntaxError} when it is of something else, or its tables are stored in a way that is not known
 * @throws {TypeError} when it is of another model
 */
export function parseHeader(
  path: string,
  { header }: Checkpoint,
  factory: AnyFactory | Readonly<Record<string, AnyFactory>>,
): ModelHeader {
  if (header.format !== FORMAT) throw new SyntaxError(`Cannot load "${path}": it is not a model`);
  const { name, options } = header.model as { name: string; options: Record<string, never> };
  const known = typeof factory === "function" ? factory : factory[name];
  if (!known) {
    throw new TypeError(`Cannot load "${path}": the model must be one of ${Object.keys(factory)}, received "${name}"`);
  }
  const definition = known(options);
  if (definition.name !== name) {
    throw new TypeError(
      `Cannot load "${path}": it holds the model "${name}", received the factory of "${definition.name}"`,
    );
  }
  const schema = FittedSchema.fromJSON(header.schema as never);
  const calibration = parseCalibration(header.calibration, schema);
  const statistics = header.statistics === undefined ? undefined : parseTrainingStatistics(header.statistics, schema);
  const storage = parseStorage(path, header.storage);
  return { definition, schema, seed: header.seed as number, ...(calibration && { calibration }), statistics, storage };
}

function parseStorage(path: string, storage: Json = {}): StorageByTable {
  for (const [name, stored] of Object.entries(storage as Record<string, Json>)) {
    if ((TABLE_STORAGES as readonly Json[]).includes(stored)) continue;
    const received = JSON.stringify(stored);
    throw new SyntaxError(
      `Cannot load "${path}": table "${name}" must be stored as one of ${
        TABLE_STORAGES.join(", ")
      }, received ${received}`,
    );
  }
  return storage as StorageByTable;
}

/**
 * Throws unless a checkpoint is of a model with the same options and schema.
 *
 * @throws {SyntaxError} when it is of something else
 * @throws {TypeError} when it is of another model
 */
export async function requireSameModel(path: string, checkpoint: Checkpoint, model: ModelHeader): Promise<void> {
  const { definition, schema } = parseHeader(
    path,
    checkpoint,
    (options) => ({ ...model.definition, options: options! }),
  );
  const [own, saved] = [model.definition.options, definition.options].map((options) => JSON.stringify(options));
  if (own !== saved) {
    throw new TypeError(`Cannot resume "${path}": the model was made with the options ${saved}, received ${own}`);
  }
  const [ownSchema, savedSchema] = await Promise.all([model.schema.fingerprint(), schema.fingerprint()]);
  if (ownSchema !== savedSchema) {
    const [short, savedShort] = [ownSchema.slice(0, 12), savedSchema.slice(0, 12)];
    throw new TypeError(`Cannot resume "${path}": it was trained with schema ${savedShort}, received ${short}`);
  }
}
