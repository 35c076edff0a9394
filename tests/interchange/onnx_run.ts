/** Exported models, run by ONNX Runtime on what a data set holds. */
import runtime, { type InferenceSession, type Tensor } from "npm:onnxruntime-node@1.30.0";
import type { Dataset } from "../../src/data/dataset.ts";
import { exportOnnx, type OnnxOptions } from "../../src/interchange/onnx/export.ts";
import type { Model } from "../../src/model.ts";
import { inFolder } from "../folder.ts";
import type { Scores } from "../../src/predictor.ts";
import { assertClose, randomArray } from "../support.ts";

/** Numbers of a task by the name of an output. */
export type OnnxOutputs = Record<string, Float32Array>;

/** Replaces all numbers of a model by ones that make its parts matter: fresh models have embeddings next to 0. */
export async function drawParameters(model: Model, size = 0.4): Promise<void> {
  const drawn = Object.entries(await model.parameters()).map(([name, { shape, data }], i) => {
    const random = Float32Array.from(randomArray(data.length, 100 + i), (value) => size * value);
    if (name.endsWith("variance")) random.forEach((value, n) => random[n] = 1 + value);
    return [name, { shape, data: random }];
  });
  model.setParameters(Object.fromEntries(drawn));
}

/** Exports a model and hands a session of it to `body`. */
export function withSession<T>(
  model: Model,
  options: OnnxOptions,
  body: (session: InferenceSession, paths: readonly string[]) => Promise<T>,
): Promise<T> {
  return inFolder(async (folder) => {
    const paths = await exportOnnx(model, `${folder}/model.onnx`, options);
    const session = await runtime.InferenceSession.create(paths[0], { logSeverityLevel: 3 });
    try {
      return await body(session, paths);
    } finally {
      await session.release();
    }
  });
}

/** Computes probabilities and logits of a data set's rows, `[rows, T]`, on the device. */
export async function scoresOf(model: Model, data: Dataset): Promise<Scores> {
  await using scorer = await model.scorer({ batchSizes: [8] });
  return await scorer.score(data);
}

/**
 * Throws unless ONNX Runtime computes the logits and probabilities of the device, task by task.
 *
 * Logits may differ by 1e-5 of the largest one.
 */
export function assertScores(outputs: OnnxOutputs, { probabilities, logits }: Scores, tasks: readonly string[]): void {
  tasks.forEach((task, t) => {
    const end = tasks.length === 1 ? "" : `_${task}`;
    const column = (all: Float32Array) => all.filter((_, i) => i % tasks.length === t);
    assertClose(outputs[`score${end}`], column(probabilities), `score${end}`, { atol: 1e-5, rtol: 0 });
    assertClose(outputs[`logit${end}`], column(logits), `logit${end}`, { atol: 1e-5, rtol: 1e-5 });
  });
}

/** Runs a session on tensors by name. */
export async function runSession(session: InferenceSession, inputs: Record<string, Tensor>): Promise<OnnxOutputs> {
  const outputs = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]])));
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Makes a tensor. */
export function tensorOf(
  kind: "int64" | "float32" | "string",
  values: readonly (number | string)[],
  shape: readonly number[],
): Tensor {
  const data = kind === "int64"
    ? BigInt64Array.from(values as number[], BigInt)
    : kind === "float32"
    ? Float32Array.from(values as number[])
    : [...values as string[]];
  return new runtime.Tensor(kind, data as string[], shape);
}

/** Returns what a data set holds as the inputs of a model that was exported without texts; numbers must not be scaled. */
export function inputsOf({ schema, rows, ids, values, histories }: Dataset): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  schema.fields.forEach(({ name, offset, kind }, f) => {
    const own = Array.from(ids.subarray(f * rows, (f + 1) * rows), (id) => id - offset);
    const numbers = own.map((row, b) => row === 0 ? values?.[f * rows + b] ?? 1 : NaN);
    inputs[name] = kind === "numeric" ? tensorOf("float32", numbers, [rows, 1]) : tensorOf("int64", own, [rows, 1]);
  });
  schema.histories.forEach(({ sequences, maxLength }, h) => {
    const { offsets, ids } = histories[h];
    sequences.forEach(({ name, offset }, m) => {
      const values = Array.from({ length: rows * maxLength }, (_, i) => {
        const at = offsets[Math.floor(i / maxLength)] + i % maxLength;
        return at < offsets[Math.floor(i / maxLength) + 1] ? ids[at * sequences.length + m] - offset : -1;
      });
      inputs[name] = tensorOf("int64", values, [rows, maxLength]);
    });
  });
  return inputs;
}
