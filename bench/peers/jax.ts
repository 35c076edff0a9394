/**
 * The DeepFM training step in jax-js: one jitted function of value, gradient and a dense Adam written for its fuser.
 *
 * @module
 */
import { BATCHES, batchOf, LEARNING_RATE, type NamedTensor, type Peer, type Problem, runPeer } from "./problem.ts";

const VERSION = "0.1.25";

/** The part of jax-js that the step is written with; an array is consumed by its first use, `ref` keeps it. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(axis?: number): JaxArray;
  mean(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Parameters = { tables: JaxArray[]; bias: JaxArray; layers: JaxArray[][] };
type State = { parameters: Parameters; first: Parameters; second: Parameters };

interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): void;
  jit<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  valueAndGrad<A extends unknown[]>(f: (...args: A) => JaxArray): (...args: A) => [JaxArray, A[0]];
  readonly nn: { relu(x: JaxArray): JaxArray; softplus(x: JaxArray): JaxArray };
  readonly numpy: {
    array(values: Float32Array | Int32Array, options?: { shape?: readonly number[] }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    take(x: JaxArray, indices: JaxArray, axis: number): JaxArray;
    zerosLike(x: JaxArray): JaxArray;
  };
  readonly tree: { map<T>(f: (...leaves: JaxArray[]) => JaxArray, first: T, ...others: T[]): T };
}

/**
 * Rewrites the shader of jax-js's scatter before it is compiled: it hands a pointer to an element of a storage buffer
 * to a function, which Deno's shader compiler refuses. The loop of that function is put in place of its call.
 */
function inlineAtomicAdd(): void {
  const createShaderModule = GPUDevice.prototype.createShaderModule;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const code = descriptor.code
      .replace(/fn atomic_add_f32\([\s\S]*?\n\}/, "")
      .replace(
        "atomic_add_f32(&output[output_index], updates[global]);",
        `var old_bits = atomicLoad(&output[output_index]);
        loop {
          let new_bits = bitcast<u32>(bitcast<f32>(old_bits) + updates[global]);
          let result = atomicCompareExchangeWeak(&output[output_index], old_bits, new_bits);
          if (result.exchanged) { break; }
          old_bits = result.old_value;
        }`,
      );
    return createShaderModule.call(this, { ...descriptor, code });
  };
}

function lossOf({ numpy: np, nn }: Jax, { options }: Problem) {
  const { batch, fields, dim } = options;
  // The input of a scatter must not be a mere view, here a broadcast, or jit refuses it: a product with ones is none.
  const ones = np.array(new Float32Array(batch * fields).fill(1), { shape: [batch, fields] });
  return ({ tables: [embedding, linear], bias, layers }: Parameters, ids: JaxArray, labels: JaxArray): JaxArray => {
    // The gradient of a gather is right only for indices of two dimensions, so they stay [B, F].
    const e = np.take(embedding, ids.ref, 0); // [B, F, D]
    const first = np.take(linear, ids, 0).mul(ones.ref).sum(1); // [B]
    const squareOfSum = np.square(e.ref.sum(1)).sum(1);
    const sumOfSquares = np.square(e.ref).sum(2).sum(1);
    const deep = layers.reduce((h, [weight, offset], i) => {
      const z = np.matmul(h, weight).add(offset);
      return i === layers.length - 1 ? z : nn.relu(z);
    }, e.reshape([batch, fields * dim]));
    const logits = first.add(bias).add(squareOfSum.sub(sumOfSquares).mul(0.5)).add(deep.reshape([batch]));
    return nn.softplus(logits.ref).sub(logits.mul(labels)).mean();
  };
}

function stepOf(jax: Jax, problem: Problem) {
  const { numpy: np, tree } = jax;
  const valueAndGrad = jax.valueAndGrad(lossOf(jax, problem));
  return ({ parameters, first, second }: State, [c1, c2]: JaxArray[], ids: JaxArray, labels: JaxArray) => {
    const keep = (x: Parameters): Parameters => tree.map((leaf) => leaf.ref, x);
    const [loss, gradient] = valueAndGrad(keep(parameters), ids, labels);
    const m = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), first, keep(gradient));
    const v = tree.map((v, g) => v.mul(0.999).add(np.square(g).mul(0.001)), second, gradient);
    const updated = tree.map(
      (p, m, v) => p.sub(m.mul(c1.ref).div(np.sqrt(v.mul(c2.ref)).add(1e-8)).mul(LEARNING_RATE)),
      parameters,
      keep(m),
      keep(v),
    );
    c1.dispose();
    c2.dispose();
    return { loss, state: { parameters: updated, first: m, second: v } };
  };
}

async function load(problem: Problem): Promise<Peer> {
  inlineAtomicAdd();
  const specifier = `npm:@jax-js/jax@${VERSION}`;
  const jax: Jax = await import(specifier);
  await jax.init("webgpu");
  jax.defaultDevice("webgpu");
  const { numpy: np, tree } = jax;
  const { batch, fields } = problem.options;
  const array = ({ shape, data }: NamedTensor): JaxArray => np.array(data, { shape });
  const parameters: Parameters = {
    tables: [array(problem.parameters.embedding), np.array(problem.parameters.linear.data)],
    bias: array(problem.parameters["linear.bias"]),
    layers: problem.layers.map(({ weight, bias }) => [array(weight), array(bias)]),
  };
  const zeros = (): Parameters => tree.map((leaf) => np.zerosLike(leaf.ref), parameters);
  let state: State = { parameters, first: zeros(), second: zeros() };
  const batches = Array.from({ length: BATCHES }, (_, i) => {
    const { ids, labels } = batchOf(problem, i);
    return { ids: np.array(ids, { shape: [batch, fields] }), labels: np.array(labels) };
  });
  const run = jax.jit(stepOf(jax, problem));
  let steps = 0;
  let last: JaxArray | undefined;
  return {
    name: `jax-js ${VERSION}`,
    step(number) {
      steps++;
      const corrections = [0.9, 0.999].map((beta) => np.array(Float32Array.of(1 / (1 - beta ** steps))));
      const { ids, labels } = batches[number];
      const { loss, state: next } = run(state, corrections, ids.ref, labels.ref);
      last?.dispose();
      [last, state] = [loss, next];
    },
    async loss() {
      return (await last!.ref.data())[0];
    },
  };
}

if (import.meta.main) await runPeer(load);
