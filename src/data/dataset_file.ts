/**
 * Encoded data sets as files, in the container of `../checkpoint.ts`.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "../checkpoint/content.ts";
import { readCheckpoint, writeCheckpoint } from "../host/mod.ts";
import type { DatasetParts } from "./dataset_parts.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import type { Histories } from "./histories.ts";

const KIND = "weft data set";

/** Writes a data set. See `Dataset.save`. */
export async function saveDataset(path: string, data: DatasetParts): Promise<void> {
  const { schema, rows, ids, values, labels, labeled, times, coverage, histories = [] } = data;
  const { skipped = 0, skippedReasons = [], missingLabels = 0, negativeRate = 1, ownPast = false } = data;
  const shape = [schema.fields.length, rows];
  const tensors: Record<string, CheckpointTensor> = { ids: { shape, data: ids } };
  const { labelCount: count } = schema;
  tensors.labels = { shape: count > 1 ? [count, rows] : [rows], data: labels };
  if (values) tensors.values = { shape, data: values };
  if (times) tensors.times = { shape: [rows], data: times };
  histories.forEach((lists, i) => Object.assign(tensors, historyTensors(lists, i)));
  const counts = coverage ? { coverage: coverage as unknown as Json } : {};
  const header = {
    ...counts,
    kind: KIND,
    schema: schema.toJSON(),
    rows,
    labeled,
    skipped,
    skippedReasons,
    missingLabels,
    ...(negativeRate !== 1 && { negativeRate }),
    ...(ownPast && { ownPast }),
  };
  await writeCheckpoint(path, { header, tensors });
}

/** Reads a data set. See `Dataset.load`. */
export async function loadDataset(path: string): Promise<DatasetParts> {
  const { header, tensors } = await readCheckpoint(path);
  if (header.kind !== KIND) {
    throw new SyntaxError(`Cannot load "${path}": it must be a data set, received ${formatValue(header.kind)}`);
  }
  const { rows, labeled, skipped, skippedReasons, missingLabels, coverage } = header;
  const schema = FittedSchema.fromJSON(header.schema);
  const cells = schema.fields.length * (rows as number);
  return {
    schema,
    rows: rows as number,
    ids: takeTensor(path, tensors, "ids", Uint32Array, cells),
    values: schema.hasValues ? takeTensor(path, tensors, "values", Float32Array, cells) : undefined,
    histories: schema.histories.map(({ sequences, weighted }, i) => {
      const offsets = takeTensor(
        path,
        tensors,
        `histories.${i}.offsets`,
        Uint32Array<ArrayBuffer>,
        (rows as number) + 1,
      );
      const count = offsets[rows as number];
      return {
        offsets,
        ids: takeTensor(path, tensors, `histories.${i}.ids`, Uint32Array<ArrayBuffer>, sequences.length * count),
        ...(weighted && {
          weights: takeTensor(path, tensors, `histories.${i}.weights`, Float32Array<ArrayBuffer>, count),
        }),
      };
    }),
    labels: takeTensor(path, tensors, "labels", Float32Array, schema.labelCount * (rows as number)),
    labeled: labeled as boolean,
    times: tensors.times ? takeTensor(path, tensors, "times", Float64Array, rows as number) : undefined,
    skipped: skipped as number,
    skippedReasons: skippedReasons as string[],
    // Files of earlier versions have neither of these.
    missingLabels: missingLabels as number | undefined,
    negativeRate: header.negativeRate as number | undefined,
    ownPast: header.ownPast === true,
    coverage: coverage as unknown as DatasetParts["coverage"],
  };
}

function historyTensors({ offsets, ids, weights }: Histories, i: number): Record<string, CheckpointTensor> {
  return {
    [`histories.${i}.offsets`]: { shape: [offsets.length], data: offsets },
    [`histories.${i}.ids`]: { shape: [ids.length], data: ids },
    ...(weights && { [`histories.${i}.weights`]: { shape: [weights.length], data: weights } }),
  };
}

function takeTensor<T>(
  path: string,
  tensors: Readonly<Record<string, CheckpointTensor>>,
  name: string,
  type: new (...args: never[]) => T,
  length: number,
): T {
  const data = tensors[name]?.data;
  if (!(data instanceof type) || data.length !== length) {
    throw new SyntaxError(
      `Cannot load "${path}": ${name} must have ${length} numbers of ${type.name}, received ${data?.length ?? "none"}`,
    );
  }
  return data;
}
