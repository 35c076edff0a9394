/**
 * Which batches of a scorer go past the device.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { formatValue } from "../data/format.ts";
import type { Access } from "../model/access.ts";
import { type ProcessorUse, ProcessorWay, type ProcessorWayParts } from "./processor_way.ts";
import { Running } from "./running.ts";
import { type BatchWay, describeWays, type Pass, type SizedPass, timeWays } from "./ways.ts";

/** What the choice depends on. */
export interface PastDeviceParts extends ProcessorWayParts {
  /** Schema of the rows. */
  readonly schema: FittedSchema;
}

/** A choice, once it is made. */
interface Choice {
  readonly processor?: ProcessorWay;
  /** Why there is no such way. */
  readonly reason?: string;
  readonly ways: readonly BatchWay[];
  readonly use: ProcessorUse;
}

const USES: readonly ProcessorUse[] = ["auto", "never", "always"];

/** Takes batches that the processor is to compute. */
export class PastDevice {
  readonly #access: Access;
  readonly #choice: Choice;
  readonly #reading = new Running();

  private constructor(access: Access, choice: Choice) {
    this.#access = access;
    this.#choice = choice;
  }

  /**
   * Chooses, by measurement or as it is told.
   *
   * @param device passes on the device, the smallest first
   * @throws {RangeError} when there is no such use
   * @throws {FormError} when the processor is to compute everything, and the model has an op that it cannot compute
   */
  static async open(device: readonly SizedPass[], parts: PastDeviceParts, use: ProcessorUse): Promise<PastDevice> {
    if (!USES.includes(use)) {
      throw new RangeError(
        `Cannot create scorer: processor must be auto, never or always, received ${formatValue(use)}`,
      );
    }
    const found = await ProcessorWay.open(parts, use);
    const all = (isPast: boolean) => device.map(({ batch }) => ({ rows: batch, processorRows: isPast ? batch : 0 }));
    const ways = !("processor" in found) || use === "always"
      ? all("processor" in found)
      : await timeWays(device, found.processor, parts.schema);
    return new PastDevice(parts.access, { ...found, ways, use });
  }

  /** Which way batches of each size go, and how long each way took at the start. */
  get ways(): readonly BatchWay[] {
    return this.#choice.ways;
  }

  /** The same in a line. */
  get description(): string {
    return describeWays(this.#choice.ways, this.#choice.reason);
  }

  /** Returns what computes a batch past the device, if it is to go there; only while nobody can change the parameters. */
  passFor({ rows }: Dataset): Pass | undefined {
    const { processor, ways, use } = this.#choice;
    const way = ways.find((size) => size.rows >= rows) ?? ways[ways.length - 1];
    // More rows than the largest batch has are several of them on the device.
    if (!processor || Math.min(rows, way.rows) > way.processorRows) return undefined;
    if (processor.isFresh || use === "always") return processor;
    // The device has the new parameters already, and to read them takes longer than a batch. Nobody waits for that, so it
    // holds back nobody who changes them again. Where it fails, so do the passes on the device, which tell why.
    if (!this.#access.isTraining) this.#reading.add(this.#access.watch("read parameters", () => processor.load()));
    return undefined;
  }

  /** Waits until no parameters are being read. */
  async idle(): Promise<void> {
    await this.#reading.idle();
  }
}
