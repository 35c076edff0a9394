/**
 * One training problem for every peer: the same parameters, the same batches, the same measure.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { zipfDataset } from "../../src/data/synthetic.ts";
import { type Initializer, uniform, xavierNormal, zeros } from "../../src/initializer.ts";

/** Size of a DeepFM training problem. */
export interface ProblemOptions {
  /** Fields F. */
  readonly fields: number;
  /** Rows of the flat row space of all fields. */
  readonly rows: number;
  /** Width D of an embedding. */
  readonly dim: number;
  /** Rows B of a batch. */
  readonly batch: number;
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
  /** Seconds of measurement, compilation and the first steps left out. */
  readonly seconds: number;
}

/** Numbers with their shape. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** A layer of the perceptron: `x W + b`, `W` stored `[in, out]`. */
export interface LayerTensors {
  readonly weight: NamedTensor;
  readonly bias: NamedTensor;
}

/** Parameters and batches. */
export interface Problem {
  readonly options: ProblemOptions;
  /** Parameters by the names that Weft gives them. */
  readonly parameters: Readonly<Record<string, NamedTensor>>;
  /** The perceptron's layers, the last one of width 1 included. */
  readonly layers: readonly LayerTensors[];
  /** All batches one after the other. */
  readonly data: Dataset;
}

/** Rows of a batch as peers want them: `[B, F]`, row-major. */
export interface PeerBatch {
  readonly ids: Int32Array<ArrayBuffer>;
  readonly labels: Float32Array<ArrayBuffer>;
}

/** A framework with the problem loaded. */
export interface Peer {
  /** Package and version. */
  readonly name: string;
  /** Starts a training step on a batch. */
  step(batch: number): void;
  /** Waits for the last step and returns its loss. */
  loss(): Promise<number>;
}

/** What a peer measured. */
export interface PeerResult {
  readonly name: string;
  /** Adapter that the peer asked for, in the driver's words. */
  readonly adapter: string;
  /** Losses of the first steps, one batch each. */
  readonly losses: readonly number[];
  /** Milliseconds per step, one figure per group of steps that ended with a wait. */
  readonly stepMs: readonly number[];
}

/** Batches of a problem; training goes round them. */
export const BATCHES = 8;

/** Steps whose losses are compared, one batch each. */
export const FIRST_STEPS = 3;

/** Learning rate of dense Adam; betas 0.9 and 0.999, epsilon 1e-8. */
export const LEARNING_RATE = 1e-3;

const SEED = 20;

/** Makes the problem of these options; the same numbers in every process. */
export function makeProblem(options: ProblemOptions): Problem {
  const { fields, rows, dim, batch, hidden } = options;
  const data = zipfDataset({ rows: BATCHES * batch, fields, totalRows: rows, seed: SEED });
  const total = data.schema.rowCount;
  const tensor = (name: string, shape: readonly number[], initializer: Initializer): NamedTensor => {
    const numbers = new Float32Array(shape.reduce((product, size) => product * size, 1));
    initializer.fill(numbers, { seed: SEED, name, fanIn: shape[0], fanOut: shape[shape.length - 1] });
    return { shape, data: numbers };
  };
  // Wider than the usual 1e-4, so that a wrong interaction term shows in the first losses.
  const parameters: Record<string, NamedTensor> = {
    "embedding": tensor("embedding", [total, dim], uniform(-0.05, 0.05)),
    "linear": tensor("linear", [total, 1], uniform(-0.05, 0.05)),
    "linear.bias": tensor("linear.bias", [1], zeros()),
  };
  const widths = [fields * dim, ...hidden, 1];
  const layers = widths.slice(1).map((width, i) => {
    const weight = tensor(`mlp.${i}.weight`, [widths[i], width], xavierNormal());
    const bias = tensor(`mlp.${i}.bias`, [width], zeros());
    parameters[`mlp.${i}.weight`] = weight;
    parameters[`mlp.${i}.bias`] = bias;
    return { weight, bias };
  });
  return { options, parameters, layers, data };
}

/** Copies a batch with its fields side by side. */
export function batchOf({ options, data }: Problem, number: number): PeerBatch {
  const { fields, batch } = options;
  const first = number * batch;
  const ids = new Int32Array(batch * fields);
  for (let field = 0; field < fields; field++) {
    for (let b = 0; b < batch; b++) ids[b * fields + field] = data.ids[field * data.rows + first + b];
  }
  return { ids, labels: data.labels.slice(first, first + batch) };
}

/** Reads the first losses, then times groups of steps, each about a third of a second and ended by a wait. */
async function measurePeer(peer: Peer, seconds: number): Promise<Pick<PeerResult, "losses" | "stepMs">> {
  const losses: number[] = [];
  for (let step = 0; step < FIRST_STEPS; step++) {
    peer.step(step);
    losses.push(await peer.loss());
  }
  let next = FIRST_STEPS;
  const group = async (steps: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < steps; i++) peer.step(next++ % BATCHES);
    await peer.loss();
    return (performance.now() - started) / steps;
  };
  const steps = Math.min(100, Math.max(1, Math.ceil(300 / await group(1))));
  const stepMs: number[] = [];
  for (const end = performance.now() + 1000 * seconds; stepMs.length < 3 || performance.now() < end;) {
    stepMs.push(await group(steps));
  }
  return { losses, stepMs };
}

/** Runs a peer as a program: options as JSON in the first argument, the result as JSON on the last line of output. */
export async function runPeer(load: (problem: Problem) => Promise<Peer>): Promise<void> {
  // Found by Weft's own search, so that the bundled driver serves the peer as well where no other is installed.
  const { requestAdapter } = await import("../../src/adapter.ts");
  const { adapter } = await requestAdapter();
  const options: ProblemOptions = JSON.parse(Deno.args[0]);
  const peer = await load(makeProblem(options));
  const measured = await measurePeer(peer, options.seconds);
  const result: PeerResult = { name: peer.name, adapter: adapter.info.description, ...measured };
  console.log(JSON.stringify(result));
}
