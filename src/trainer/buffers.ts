/**
 * What the steps of a training have on the device besides the model's parameters and the plan.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { Feed } from "../feed.ts";
import { defaultBudget } from "../feed/budget.ts";
import { requireAllocated } from "../gpu/memory.ts";
import { feedSizes } from "../trace.ts";
import type { TrainerContext } from "./context.ts";
import { LossRing } from "./losses.ts";
import type { FitOptions } from "./options.ts";
import type { Settings } from "./settings.ts";
import { HostSorter } from "./sorter.ts";
import { type PlacedWeights, placeTaskWeights } from "./tasks.ts";
import { UnseenRows } from "./unseen.ts";

/** Rows, losses, sorted occurrences and the like. */
export class TrainingBuffers {
  /** Rows of the data. */
  feed!: Feed;
  /** Losses of the steps. */
  losses!: LossRing;
  /** Sorts occurrences where the host does that. */
  sorter: HostSorter | undefined;
  /** Weights of the tasks' losses, where they are given. */
  taskWeights: PlacedWeights | undefined;
  /** What replaces a share of the occurrences, where something does. */
  unseen: UnseenRows | undefined;

  /**
   * Allocates everything; what was allocated before an error is released by {@linkcode TrainingBuffers.destroy}.
   *
   * @throws {RangeError} when the budget is too small for a batch
   * @throws {GpuError} when the device has too little memory
   */
  async allocate(
    { gpu, space }: TrainerContext,
    data: Dataset,
    { memoryBudget: budget = defaultBudget(gpu), sort = "auto", taskWeights }: FitOptions,
    { batch, unseenShare }: Settings,
  ): Promise<void> {
    const { rows } = data;
    const counts = data.histories.map(({ offsets }) => offsets[rows]);
    this.feed = new Feed(gpu, { ...feedSizes(space), counts, batch, rows, budget, ahead: true });
    this.taskWeights = placeTaskWeights(gpu, data.schema, taskWeights);
    this.losses = new LossRing(gpu);
    if (unseenShare > 0) this.unseen = new UnseenRows(gpu, data, unseenShare);
    if (sort === "host" || (sort === "auto" && gpu.adapter.software)) {
      this.sorter = new HostSorter(gpu, this.feed, space, batch, this.unseen);
    }
    const ranges = [this.losses.range, ...(this.sorter ? [this.sorter.range] : [])];
    await requireAllocated([...this.feed.buffers, ...ranges.map(({ buffer }) => buffer)]);
  }

  /** Releases what was allocated. */
  destroy(): void {
    this.feed?.destroy();
    this.losses?.destroy();
    this.sorter?.destroy();
    this.unseen?.destroy();
    if (this.taskWeights && this.taskWeights !== "uncertainty") this.taskWeights.buffer.destroy();
  }
}
