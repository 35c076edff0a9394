/**
 * The forward pass of a model on the processor, for batches so small that the way to a device and back takes longer.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { liveNodes } from "../graph/plan.ts";
import type { ModelParts } from "../model/parts.ts";
import type { Scores } from "../predictor.ts";
import { traceModel } from "../trace.ts";
import { sigmoid } from "./activation.ts";
import { Compiled, type Numbers } from "./compile.ts";
import { forms } from "./forms.ts";
import { MemoryMeasure, WasmMemory } from "./memory.ts";
import { productOver } from "./product.ts";

/** Rows that go through the layers together: enough to read weights once for several of them, few enough for the caches. */
const BATCH = 64;

/** What a pass is made from: a model without its device. */
export type ProcessorParts = Pick<ModelParts, "definition" | "declarations" | "space">;

/**
 * A model's forward pass over typed arrays, from the same graph that the device computes.
 *
 * Logits agree with the device's within the rounding of float32: each adds in an order of its own. A row's do not depend on
 * the rows beside it. No array is allocated for a batch but its answer.
 */
export class ProcessorForward {
  /** Number of tasks T. */
  readonly tasks: number;
  /** Bytes of layers and what is computed between them, without the tables. */
  readonly bytes: number;
  readonly #compiled: Compiled;
  readonly #logits: Float32Array;
  /** Whether scores are the logits themselves. */
  readonly #real: boolean;
  #isLoaded = false;

  private constructor(compiled: Compiled, logits: Float32Array, real: boolean, tasks: number, bytes: number) {
    this.#compiled = compiled;
    this.#logits = logits;
    this.#real = real;
    this.tasks = tasks;
    this.bytes = bytes;
  }

  /**
   * Compiles a model; {@linkcode ProcessorForward.load} gives it its parameters.
   *
   * @throws {FormError} when an op of the model has no form on the processor; it names the op
   * @throws {RangeError} when there is not enough memory
   */
  static create({ definition, declarations, space }: ProcessorParts): ProcessorForward {
    const { logits } = traceModel(definition, "predict", declarations, space, BATCH);
    const nodes = liveNodes([logits]);
    const graph = { nodes, outputs: [logits], batch: BATCH, forms };
    const measure = new MemoryMeasure();
    new Compiled({ ...graph, memory: measure, multiply: () => {} });
    const memory = new WasmMemory(measure.bytes);
    const compiled = new Compiled({ ...graph, memory, multiply: productOver(memory.memory) });
    const tasks = Number(logits.shape[1]);
    return new ProcessorForward(compiled, compiled.floats(logits), space.real ?? false, tasks, measure.bytes);
  }

  /** Takes over the parameters that {@linkcode Store.download} returned; its tables are not copied. */
  load(numbers: Numbers): void {
    this.#compiled.load(numbers);
    this.#isLoaded = true;
  }

  /**
   * Computes probabilities and logits of each row.
   *
   * @throws {Error} when no parameters were loaded
   */
  score(data: Dataset): Scores {
    if (!this.#isLoaded) throw new Error("Cannot score: the processor's pass has no parameters yet");
    const [probabilities, logits] = [
      new Float32Array(this.tasks * data.rows),
      new Float32Array(this.tasks * data.rows),
    ];
    for (let first = 0; first < data.rows; first += BATCH) {
      const count = Math.min(BATCH, data.rows - first);
      this.#compiled.run({ data, first }, count);
      const at = this.tasks * first;
      for (let i = 0; i < this.tasks * count; i++) {
        logits[at + i] = this.#logits[i];
        probabilities[at + i] = this.#real ? this.#logits[i] : sigmoid(this.#logits[i]);
      }
    }
    return { probabilities, logits };
  }
}
