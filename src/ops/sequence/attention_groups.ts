/**
 * Self-attention on GPUs: a workgroup takes all fields of a head, whose rows it loads once.
 *
 * @module
 */
import source from "../../../shaders/sequence/attention.wgsl" with { type: "text" };
import row16 from "../../../shaders/sequence/attention_row16.wgsl" with { type: "text" };
import row32 from "../../../shaders/sequence/attention_row32.wgsl" with { type: "text" };
import row4 from "../../../shaders/sequence/attention_row4.wgsl" with { type: "text" };
import row8 from "../../../shaders/sequence/attention_row8.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import type { DeviceProfile } from "../../gpu/profile.ts";
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { AttentionAttributes } from "./attention.ts";

/** Shader parts that declare a row, by its numbers. */
const ROWS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  4: { attention_row4: row4 },
  8: { attention_row8: row8 },
  16: { attention_row16: row16 },
  32: { attention_row32: row32 },
};

/** Numbers of a row in workgroup memory besides query, key, value and slope. */
const SUMS = 2;

/** Threads that run in step on every GPU. */
const WAVE = 32;

/** How much more of the threads must be busy for a workgroup to take another head. */
const WORTH = 0.05;

/** Fields of a head, and its numbers for each of them. */
interface HeadSizes {
  readonly fields: number;
  readonly width: number;
}

interface Workgroup {
  /** Heads of samples. */
  readonly units: number;
  readonly threads: number;
}

/** Returns the workgroup that keeps most threads busy, or undefined where none has the memory or such rows. */
export function attentionGroup({ limits }: DeviceProfile, { fields, width }: HeadSizes): Workgroup | undefined {
  if (!ROWS[width]) return undefined;
  const bytes = rowsOf(fields) * 4 * (4 * width + SUMS);
  let best: Workgroup | undefined;
  for (let units = 1; units * bytes <= limits.workgroupBytes; units++) {
    const threads = WAVE * Math.ceil(units * fields / WAVE);
    if (threads > limits.workgroupThreads) break;
    const gain = units * fields / threads - (best ? best.units * fields / best.threads : 0);
    if (gain > WORTH) best = { units, threads };
  }
  return best;
}

/** Rows of workgroup memory for a head: its fields, filled up to fours. */
function rowsOf(fields: number): number {
  return 4 * Math.ceil(fields / 4);
}

/** Appends one of the kernels, where {@linkcode attentionGroup} has found a workgroup. */
export function emitGroupAttention(
  k: Emitter,
  entry: "forward" | "backward",
  bind: Readonly<Record<string, Tensor>>,
  { heads, width, residual, scale, relu, fields }: AttentionAttributes & { readonly fields: number },
  keepsSlope = true,
): void {
  const row = width / heads;
  const { units, threads } = attentionGroup(k.gpu.profile, { fields, width: row })!;
  const stride = (residual === "packed" ? 4 : 3) * heads;
  const forward = { RESIDUAL: residual !== "none" };
  const backward = { PACKED: residual === "packed", KEEPS_SLOPE: keepsSlope };
  k.run({
    shader: shader("attention", { grid, ...ROWS[row], attention: source }),
    entry,
    bind,
    constants: {
      THREADS: threads,
      UNITS: units,
      FIELDS: fields,
      ROWS: units * rowsOf(fields),
      RELU: relu,
      ...(entry === "forward" ? forward : backward),
    },
    params: {
      units: k.batch * heads,
      heads,
      stride,
      r_stride: residual === "packed" ? stride : heads,
      r_first: residual === "packed" ? 3 * heads : 0,
      scale,
    },
    grid: Math.ceil(k.batch * heads / units),
    flops: (entry === "forward" ? 4 : 16) * k.batch * fields * fields * width,
  });
}
