/** Forward passes on the processor beside those of the device. */
import type { Dataset } from "../../src/data/dataset.ts";
import type { FittedSchema } from "../../src/data/fitted_schema.ts";
import type { Definition } from "../../src/definition.ts";
import { Declarations } from "../../src/graph/parameter.ts";
import type { Model } from "../../src/model.ts";
import type { Scores } from "../../src/predictor.ts";
import type { Numbers } from "../../src/processor/compile.ts";
import { FormError } from "../../src/processor/form.ts";
import { ProcessorForward } from "../../src/processor/forward.ts";
import { spaceOf } from "../../src/trace.ts";
import { assert } from "@std/assert";
import { randomArray } from "../support.ts";

/** Compiles a model for the processor, without its parameters. */
export function passOf(definition: Definition, schema: FittedSchema): ProcessorForward {
  return ProcessorForward.create({ definition, declarations: new Declarations(), space: spaceOf(schema) });
}

/** Scores rows on the processor; undefined where the model has an op without a form. */
export function scoreOnProcessor(definition: Definition, data: Dataset, numbers: Numbers): Scores | undefined {
  try {
    const pass = passOf(definition, data.schema);
    pass.load(numbers);
    return pass.score(data);
  } catch (error) {
    if (error instanceof FormError) return undefined;
    throw error;
  }
}

/** Gives all parameters random numbers of a size, and statistics those that deviations can have. */
export async function randomize(model: Model, scale = 0.25, seed = 1): Promise<Numbers> {
  const numbers = await model.parameters();
  Object.entries(numbers).forEach(([name, tensor], i) => {
    const random = randomArray(tensor.data.length, 31 * seed + i);
    const isVariance = /(^|\.)variance$/.test(name);
    tensor.data = Float32Array.from(random, (value) => isVariance ? 1 + value / 2 : scale * value);
  });
  model.setParameters(numbers);
  return numbers;
}

/** Throws unless probabilities agree to `within` of the device's. */
export function assertAgrees(actual: Scores, device: Scores, label: string, within = 1e-6): void {
  const { probabilities } = device;
  assert(actual.probabilities.length === probabilities.length && probabilities.length > 0, `${label}: rows`);
  probabilities.forEach((expected, i) => {
    const received = actual.probabilities[i];
    const limit = within * Math.abs(expected);
    assert(Math.abs(received - expected) <= limit, `${label} row ${i}: expected ${expected}, received ${received}`);
  });
}
