/** Files of `tests/golden` that hold a model: what is in them, and reading them. */
import type { Convert, NamedTensor } from "../src/interchange/state_dict/tensor.ts";
import type { GoldenLists } from "./golden_histories.ts";

/** Tensors by name; their shapes are those of the first parameters. */
export type GoldenData = Record<string, ArrayLike<number>>;

/** Some steps of an optimizer. */
export interface GoldenSteps {
  lr: number;
  loss_before_each_step: number[];
  params: GoldenData;
  buffers?: GoldenData;
}

/** A file of `tests/golden` that holds a model. */
export interface GoldenCase {
  config: {
    vocab_sizes: number[];
    embedding_l2?: number;
    net_l2?: number;
    /** L2 of rows in the batch over their occurrences, which constants `count` give. */
    l2?: number;
    multi_vocab?: number;
    tasks?: number;
  };
  batches: ({ ids: number[][]; labels: (number | number[])[] } & GoldenLists)[];
  params: NamedTensor[];
  /**
   * The loss that is differentiated is `loss_total`, where training adds terms to the mean loss of the logits; `penalty` is
   * the part of L2.
   */
  forward: { logits: (number | number[])[]; loss_mean: number | number[]; loss_total?: number; penalty?: number };
  grads: GoldenData;
  buffers_init?: NamedTensor[];
  /** Tensors that are given and stay as they are. */
  constants?: NamedTensor[];
  /** Constants with the occurrences of rows, by field. */
  counts?: NamedTensor[];
  buffers_after_forward?: GoldenData;
  eval_logits?: number[];
  regularization?: { value: number };
  sgd: GoldenSteps;
  adam: GoldenSteps;
  lazy_adam?: GoldenSteps;
  conditioning: Conditioning;
}

/** Gradients that are zero in exact arithmetic, or nearly so: Adam turns their rounding into whole steps. */
interface Conditioning {
  zero_gradient_params: string[];
  /** Zero up to the epsilon of a batch norm behind it, whose running statistics follow. */
  weak_gradient_params?: string[];
  /** Single numbers by tensor. */
  zero_gradient_elements?: Record<string, number[]>;
  /** The same as ones among zeros. */
  zero_elements?: GoldenData;
}

/** Reads a case. */
export function readGolden(name: string, conversion: Convert = (tensors) => tensors): GoldenCase {
  const convert: Convert = (tensors) => tensors.length > 0 ? conversion(tensors) : [];
  const golden: GoldenCase = JSON.parse(Deno.readTextFileSync(new URL(`golden/${name}.json`, import.meta.url)));
  const { buffers_init: statistics = [] } = golden;
  const isCount = ({ name }: NamedTensor): boolean => name.startsWith("count.");
  const counts = golden.constants?.filter(isCount);
  const constants = golden.constants?.filter((tensor) => !isCount(tensor)) ?? [];
  const convertData = (known: readonly NamedTensor[], data: GoldenData): GoldenData => {
    const tensors = known.filter((tensor) => data[tensor.name]);
    const converted = convert(tensors.map((tensor) => ({ ...tensor, data: data[tensor.name] })));
    return Object.fromEntries(converted.map((tensor) => [tensor.name, tensor.data]));
  };
  const convertSteps = (steps: GoldenSteps): GoldenSteps => ({
    ...steps,
    params: convertData(golden.params, steps.params),
    buffers: steps.buffers && convertData(statistics, steps.buffers),
  });
  const named = (names: readonly string[] = []): string[] =>
    convert(golden.params.filter(({ name }) => names.includes(name))).map(({ name }) => name);
  const { zero_gradient_params: zero, weak_gradient_params: weak } = golden.conditioning;
  const elements = Object.entries(golden.conditioning.zero_gradient_elements ?? {}).map(([name, places]) => {
    const { data } = golden.params.find((tensor) => tensor.name === name)!;
    return [name, Array.from(data, (_, i) => Number(places.includes(i)))];
  });
  return {
    ...golden,
    counts: counts?.length ? counts : undefined,
    params: [...convert(golden.params)],
    buffers_init: [...convert([...statistics, ...constants])],
    buffers_after_forward: golden.buffers_after_forward && convertData(statistics, golden.buffers_after_forward),
    conditioning: {
      zero_gradient_params: named(zero),
      weak_gradient_params: named(weak),
      zero_elements: convertData(golden.params, Object.fromEntries(elements)),
    },
    grads: convertData(golden.params, golden.grads),
    sgd: convertSteps(golden.sgd),
    adam: convertSteps(golden.adam),
    lazy_adam: golden.lazy_adam && convertSteps(golden.lazy_adam),
  };
}

/** Returns a task's numbers; there is one task where they are not in rows. */
export function columnOf(rows: readonly (number | number[])[], task: number): number[] {
  return rows.map((row) => typeof row === "number" ? row : row[task]);
}

/** Returns the loss with what the model adds to it, without L2. */
export function wholeLoss({ forward: { loss_mean, loss_total, penalty = 0 } }: GoldenCase): number {
  if (loss_total !== undefined) return loss_total - penalty;
  return typeof loss_mean === "number" ? loss_mean : loss_mean.reduce((sum, loss) => sum + loss, 0);
}
