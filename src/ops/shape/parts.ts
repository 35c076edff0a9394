/**
 * Matrices side by side and apart on GPUs, where a dispatch for each part costs more than its copy.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/shape/parts.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "./lane.ts";

/** Parts of a dispatch at most: with the matrix they stay below the buffers that any device binds. */
const MOST = 4;

/** Columns of a matrix, as a tensor of their own. */
export interface Part {
  readonly tensor: Tensor;
  /** First column in the matrix. */
  readonly from: number;
  readonly width: number;
}

/** Rows and columns of the matrix that has the parts. */
export interface WholeSizes {
  readonly rows: number;
  readonly width: number;
}

/** Returns parts whose columns follow each other. */
export function partsOf(tensors: readonly Tensor[], widths: readonly number[]): Part[] {
  let from = 0;
  return tensors.map((tensor, i) => {
    const part = { tensor, from, width: widths[i] };
    from += widths[i];
    return part;
  });
}

/** Appends copies of all parts into the matrix y. */
export function emitJoin(k: Emitter, parts: readonly Part[], y: Tensor, sizes: WholeSizes): void {
  for (const run of runsOf(parts)) {
    // Buffers that are only read may be bound again in place of parts that are not there.
    const [x0, x1 = x0, x2 = x0, x3 = x0] = run.map(({ tensor }) => tensor);
    emitMove(k, "join", { x0, x1, x2, x3, y }, run, sizes);
  }
}

/** Appends copies of all parts out of the matrix x. */
export function emitApart(k: Emitter, x: Tensor, parts: readonly Part[], sizes: WholeSizes): void {
  for (const run of runsOf(parts)) {
    const bind = Object.fromEntries(run.map(({ tensor }, i) => [`y${i}`, tensor]));
    emitMove(k, `apart${run.length}`, { x, ...bind }, run, sizes);
  }
}

/** Groups parts that follow each other, as many as a dispatch takes. */
function runsOf(parts: readonly Part[]): Part[][] {
  const runs: Part[][] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && run.length < MOST && last!.from + last!.width === part.from) run.push(part);
    else runs.push([part]);
  }
  return runs;
}

function emitMove(k: Emitter, entry: string, bind: Record<string, Tensor>, run: readonly Part[], sizes: WholeSizes) {
  const first = run[0].from;
  const all = [sizes.width, ...run.flatMap(({ from, width }) => [from, width])];
  const odd = all.reduce((bits, size) => bits | size, 0);
  const { width: lane, part } = lanesOf(odd & -odd);
  const ends = run.map(({ from, width }) => (from + width - first) / lane);
  const last = ends[ends.length - 1];
  const [end0, end1 = last, end2 = last, end3 = last] = ends;
  k.run({
    shader: shader("parts", { grid, ...part, parts: source }),
    entry,
    bind,
    params: { rows: sizes.rows, width: sizes.width / lane, first: first / lane, end0, end1, end2, end3 },
    grid: Math.ceil(sizes.rows * last / 256),
  });
}
