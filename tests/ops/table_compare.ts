/** Table updates on the device against float64. */
import { Gpu } from "../../src/gpu/device.ts";
import { tableSlots } from "../../src/optimizer.ts";
import { assertEquals } from "@std/assert";
import { type TableState, updateTableReference } from "../reference/table_update.ts";
import { assertClose } from "../support.ts";
import { firstWeights, runTable, type TableRun } from "./table_support.ts";

/** Runs the same steps on the device and in float64 and compares weights and state. */
export async function compare(run: TableRun, label = ""): Promise<void> {
  const { optimizer, l2 = 0, l1, clipValue, rowL2, rowStrength, tableRows, batches, lr = 0.1 } = run;
  const { dim } = batches[0];
  const state: TableState = {
    weights: run.weights?.slice() ?? firstWeights(tableRows, dim),
    states: tableSlots(optimizer).filter((slot) => slot.saved).map((slot) =>
      new Float64Array(slot.perRow ? tableRows : tableRows * dim).fill(slot.initial)
    ),
  };
  batches.forEach((batch, i) =>
    updateTableReference(batch, state, { optimizer, l2, l1, clipValue, rowL2, rowStrength, lr, t: i + 1 })
  );
  const { weights, states } = await runTable(run);
  assertClose(weights, state.weights, `${label} weights`, { rtol: 2e-5 });
  state.states.forEach((expected, i) => assertClose(states[i], expected, `${label} state ${i}`, { rtol: 2e-5 }));
  if (optimizer.embeddingUpdate === "dense") {
    assertEquals(states.at(-1)!.every((x) => x === 0), true, "the gradient is cleared");
  }
}

/** Returns a device that passes for a GPU. */
export async function hardware(): Promise<Gpu> {
  const adapter = await navigator.gpu.requestAdapter();
  return new Gpu(await adapter!.requestDevice(), { description: "GPU", kind: "gpu" });
}
