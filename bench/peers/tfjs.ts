/**
 * The DeepFM training step in TensorFlow.js: its own gradients and its own Adam.
 *
 * @module
 */
import { BATCHES, batchOf, LEARNING_RATE, type NamedTensor, type Peer, type Problem, runPeer } from "./problem.ts";

const VERSION = "4.22.0";

/** The part of TensorFlow.js that the step is written with. */
interface TfTensor {
  add(other: TfTensor): TfTensor;
  sub(other: TfTensor): TfTensor;
  mul(other: TfTensor | number): TfTensor;
  square(): TfTensor;
  sum(axis?: number): TfTensor;
  mean(): TfTensor;
  relu(): TfTensor;
  reshape(shape: readonly number[]): TfTensor;
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Tf {
  setBackend(name: string): Promise<boolean>;
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype: "float32" | "int32"): TfTensor;
  variable(initial: TfTensor): TfTensor;
  tidy<T>(f: () => T): T;
  gather(x: TfTensor, indices: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  softplus(x: TfTensor): TfTensor;
  readonly train: {
    adam(lr: number, beta1: number, beta2: number, epsilon: number): {
      minimize(loss: () => TfTensor, returnCost: true): TfTensor;
    };
  };
}

async function load(problem: Problem): Promise<Peer> {
  // The backend looks for a browser's window before it looks for a GPU.
  Object.assign(globalThis, { window: globalThis });
  // Gradients are registered by the whole package, not by its core.
  const [specifier, backend] = [`npm:@tensorflow/tfjs@${VERSION}`, `npm:@tensorflow/tfjs-backend-webgpu@${VERSION}`];
  const tf: Tf = await import(specifier);
  await import(backend);
  if (!(await tf.setBackend("webgpu"))) throw new Error("Cannot run TensorFlow.js: its WebGPU backend does not start");
  const { batch, fields, dim } = problem.options;
  const variable = ({ shape, data }: NamedTensor): TfTensor => tf.variable(tf.tensor(data, shape, "float32"));
  const embedding = variable(problem.parameters.embedding);
  const linear = variable({ ...problem.parameters.linear, shape: [problem.data.schema.rowCount] });
  const bias = variable(problem.parameters["linear.bias"]);
  const layers = problem.layers.map(({ weight, bias }) => [variable(weight), variable(bias)]);
  const batches = Array.from({ length: BATCHES }, (_, i) => {
    const { ids, labels } = batchOf(problem, i);
    return { ids: tf.tensor(ids, [batch, fields], "int32"), labels: tf.tensor(labels, [batch], "float32") };
  });
  const lossOn = ({ ids, labels }: { ids: TfTensor; labels: TfTensor }): TfTensor => {
    const e = tf.gather(embedding, ids); // [B, F, D]
    const first = tf.gather(linear, ids).sum(1); // [B]
    const interactions = e.sum(1).square().sum(1).sub(e.square().sum(2).sum(1)).mul(0.5);
    const deep = layers.reduce((h, [weight, offset], i) => {
      const z = tf.matMul(h, weight).add(offset);
      return i === layers.length - 1 ? z : z.relu();
    }, e.reshape([batch, fields * dim]));
    const logits = first.add(bias).add(interactions).add(deep.reshape([batch]));
    return tf.softplus(logits).sub(logits.mul(labels)).mean();
  };
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  let last: TfTensor | undefined;
  return {
    name: `tfjs ${VERSION}`,
    step(number) {
      last?.dispose();
      last = tf.tidy(() => optimizer.minimize(() => lossOn(batches[number]), true));
    },
    async loss() {
      return (await last!.data())[0];
    },
  };
}

if (import.meta.main) await runPeer(load);
